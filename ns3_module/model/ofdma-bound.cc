// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-bound.h"

#include <algorithm>

namespace ns3
{

void
OfdmaUeBound::Arrive()
{
    ++m_backlog;
}

bool
OfdmaUeBound::Deliver(uint32_t tti, uint32_t spacing)
{
    if (m_backlog == 0 || tti < m_next)
    {
        return false;
    }
    --m_backlog;
    m_next = tti + spacing;
    return true;
}

void
OfdmaBound::Add(uint32_t usefulRbgs, uint32_t alone)
{
    m_alone += alone;
    m_bound = std::min(m_bound + usefulRbgs, m_alone);
}

uint64_t
OfdmaBound::Get() const
{
    return m_bound;
}

} // namespace ns3
