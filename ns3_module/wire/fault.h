// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_FAULT_H
#define LLMAC_FAULT_H

#include "llmac/v1/wire.pb.h"

#include <stdexcept>
#include <string>

namespace llmac
{

/// A request that cannot be taken; answered by a Fault message.
class Fault : public std::runtime_error
{
  public:
    /**
     * \param code of the wire
     * \param reason a sentence
     */
    Fault(v1::FaultCode code, const std::string& reason)
        : std::runtime_error(reason),
          m_code(code)
    {
    }

    /// \return code of the wire
    v1::FaultCode GetCode() const
    {
        return m_code;
    }

  private:
    v1::FaultCode m_code; //!< of the wire
};

} // namespace llmac

#endif // LLMAC_FAULT_H
