// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-segment-queue.h"

#include <ns3/assert.h>
#include <ns3/uinteger.h>

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaSegmentQueue);

TypeId
OfdmaSegmentQueue::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaSegmentQueue")
                            .SetParent<OfdmaDropTrace>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaSegmentQueue>()
                            .AddAttribute("Payload",
                                          "Bytes of a packet that a dPDU carries",
                                          UintegerValue(75),
                                          MakeUintegerAccessor(&OfdmaSegmentQueue::m_payload),
                                          MakeUintegerChecker<uint32_t>(1));
    return tid;
}

void
OfdmaSegmentQueue::DoDispose()
{
    m_waiting.clear();
    m_buffer.clear();
    OfdmaDropTrace::DoDispose();
}

uint32_t
OfdmaSegmentQueue::CountDpdus(uint32_t bytes) const
{
    return std::max(1U, (bytes + m_payload - 1) / m_payload);
}

void
OfdmaSegmentQueue::Enqueue(Ptr<Packet> packet, uint16_t protocol)
{
    m_waiting.push_back({packet, protocol, CountDpdus(packet->GetSize())});
    m_waitingDpdus += m_waiting.back().dpdus;
}

uint32_t
OfdmaSegmentQueue::GetWaiting() const
{
    return m_waitingDpdus;
}

uint32_t
OfdmaSegmentQueue::Admit(uint32_t room)
{
    const uint32_t before = room;
    for (auto& sdu : m_waiting)
    {
        if (sdu.dpdus > room)
        {
            Drop(sdu.packet);
            continue;
        }
        room -= sdu.dpdus;
        m_buffer.push_back({std::move(sdu), 0, 0});
    }
    m_waiting.clear();
    m_waitingDpdus = 0;
    return before - room;
}

const OfdmaSdu*
OfdmaSegmentQueue::Deliver()
{
    NS_ASSERT(!m_buffer.empty());
    Packing& head = m_buffer.front();
    ++head.delivered;
    return head.delivered == head.sdu.dpdus ? &head.sdu : nullptr;
}

void
OfdmaSegmentQueue::Remove(bool delivered)
{
    NS_ASSERT(!m_buffer.empty());
    Packing& head = m_buffer.front();
    if (!delivered && !head.lost)
    {
        head.lost = true;
        Drop(head.sdu.packet);
    }
    if (++head.removed == head.sdu.dpdus)
    {
        m_buffer.pop_front();
    }
}

void
OfdmaSegmentQueue::Flush()
{
    for (const auto& packing : m_buffer)
    {
        if (!packing.lost && packing.delivered < packing.sdu.dpdus)
        {
            Drop(packing.sdu.packet);
        }
    }
    for (const auto& sdu : m_waiting)
    {
        Drop(sdu.packet);
    }
    m_buffer.clear();
    m_waiting.clear();
    m_waitingDpdus = 0;
}

} // namespace ns3
