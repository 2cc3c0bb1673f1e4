// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-periodic-traffic.h"

#include <ns3/uinteger.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaPeriodicTraffic);

TypeId
OfdmaPeriodicTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaPeriodicTraffic")
                            .SetParent<OfdmaTraffic>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaPeriodicTraffic>()
                            .AddAttribute("Period",
                                          "From one arrival to the next in TTIs, at weight 1",
                                          UintegerValue(10),
                                          MakeUintegerAccessor(&OfdmaPeriodicTraffic::m_period),
                                          MakeUintegerChecker<uint32_t>(1))
                            .AddAttribute("Jitter",
                                          "Each arrival is late by 0 to this many TTIs",
                                          UintegerValue(0),
                                          MakeUintegerAccessor(&OfdmaPeriodicTraffic::m_jitter),
                                          MakeUintegerChecker<uint32_t>());
    return tid;
}

void
OfdmaPeriodicTraffic::DoJoin(uint32_t /* ue */, uint32_t tti)
{
    m_join = tti;
    m_phase = Toss(OfdmaCoin::TRAFFIC_PHASE);
}

uint32_t
OfdmaPeriodicTraffic::DoArrive(uint32_t tti)
{
    // Multiplied out, so that weight 0 is a period without end.
    const double end = (double(tti - m_join) + 1) * GetWeight();
    while ((m_phase + m_next) * m_period < end)
    {
        const double lateness = (double(m_jitter) + 1) * Toss(OfdmaCoin::TRAFFIC_JITTER, m_next++);
        m_late.push(tti + static_cast<uint32_t>(lateness));
    }
    uint32_t arrivals = 0;
    for (; !m_late.empty() && m_late.top() == tti; m_late.pop())
    {
        ++arrivals;
    }
    return arrivals;
}

} // namespace ns3
