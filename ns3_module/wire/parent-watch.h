// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_PARENT_WATCH_H
#define LLMAC_PARENT_WATCH_H

#include <sys/types.h>

namespace llmac
{

/**
 * \brief Tells when the process that started the cell ends
 *
 * PR_SET_PDEATHSIG would tell when the *thread* that started it ends, which may be long before.
 */
class ParentWatch
{
  public:
    /// \param parent its process id; 0: nobody is watched
    explicit ParentWatch(pid_t parent);
    ~ParentWatch();
    ParentWatch(const ParentWatch&) = delete;
    ParentWatch& operator=(const ParentWatch&) = delete;

    /// \return a descriptor that becomes readable when the parent ends; -1 when nobody is watched
    int GetDescriptor() const;

    /// \return whether the parent has ended
    bool HasEnded() const;

  private:
    pid_t m_parent;   //!< 0: nobody is watched
    int m_descriptor; //!< pidfd, or -1
};

} // namespace llmac

#endif // LLMAC_PARENT_WATCH_H
