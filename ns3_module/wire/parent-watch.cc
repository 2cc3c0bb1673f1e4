// SPDX-License-Identifier: GPL-2.0-only
#include "parent-watch.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace llmac
{

ParentWatch::ParentWatch(pid_t parent)
    : m_parent(parent),
      m_descriptor(parent == 0 ? -1 : static_cast<int>(syscall(SYS_pidfd_open, parent, 0)))
{
}

ParentWatch::~ParentWatch()
{
    if (m_descriptor >= 0)
    {
        close(m_descriptor);
    }
}

int
ParentWatch::GetDescriptor() const
{
    return m_descriptor;
}

bool
ParentWatch::HasEnded() const
{
    // An orphan gets another parent; this also holds where the kernel has no pidfd.
    return m_parent != 0 && getppid() != m_parent;
}

} // namespace llmac
