// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-buffer.h"

#include <ns3/assert.h>

#include <algorithm>

namespace ns3
{

OfdmaBuffer::OfdmaBuffer(uint32_t capacity)
    : m_capacity(capacity),
      m_arrivals(std::min(capacity, 32U))
{
}

bool
OfdmaBuffer::Push(uint32_t tti)
{
    if (m_size == m_capacity)
    {
        return false;
    }
    if (m_size == m_arrivals.size())
    {
        Grow();
    }
    m_arrivals[(m_head + m_size) % m_arrivals.size()] = tti;
    ++m_size;
    return true;
}

void
OfdmaBuffer::Pop()
{
    NS_ASSERT(m_size > 0);
    m_head = (m_head + 1) % m_arrivals.size();
    --m_size;
    m_headDelivered = false;
}

void
OfdmaBuffer::MarkHeadDelivered()
{
    NS_ASSERT(m_size > 0);
    m_headDelivered = true;
}

uint32_t
OfdmaBuffer::GetSize() const
{
    return m_size;
}

uint32_t
OfdmaBuffer::GetRoom() const
{
    return m_capacity - m_size;
}

uint32_t
OfdmaBuffer::GetUndelivered() const
{
    return m_size - (m_headDelivered ? 1 : 0);
}

bool
OfdmaBuffer::IsHeadDelivered() const
{
    return m_headDelivered;
}

uint32_t
OfdmaBuffer::GetHeadArrival() const
{
    NS_ASSERT(m_size > 0);
    return m_arrivals[m_head];
}

void
OfdmaBuffer::Grow()
{
    std::rotate(m_arrivals.begin(), m_arrivals.begin() + m_head, m_arrivals.end());
    m_head = 0;
    m_arrivals.resize(std::min<size_t>(m_capacity, 2 * m_arrivals.size()));
}

} // namespace ns3
