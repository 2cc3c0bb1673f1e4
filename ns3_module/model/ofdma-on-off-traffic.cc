// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-on-off-traffic.h"

#include <ns3/double.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaOnOffTraffic);

TypeId
OfdmaOnOffTraffic::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaOnOffTraffic")
            .SetParent<OfdmaTraffic>()
            .SetGroupName("OfdmaMac")
            .AddConstructor<OfdmaOnOffTraffic>()
            .AddAttribute("MeanOn",
                          "Mean length of a burst in TTIs",
                          DoubleValue(10),
                          MakeDoubleAccessor(&OfdmaOnOffTraffic::m_meanOn),
                          MakeDoubleChecker<double>(1))
            .AddAttribute("MeanOff",
                          "Mean silence between two bursts in TTIs",
                          DoubleValue(10),
                          MakeDoubleAccessor(&OfdmaOnOffTraffic::m_meanOff),
                          MakeDoubleChecker<double>(1))
            .AddAttribute("Probability",
                          "Probability of one arrival in a TTI while on, at weight 1",
                          DoubleValue(0.5),
                          MakeDoubleAccessor(&OfdmaOnOffTraffic::m_probability),
                          MakeDoubleChecker<double>(0, 1));
    return tid;
}

void
OfdmaOnOffTraffic::DoJoin(uint32_t /* ue */, uint32_t /* tti */)
{
    m_on = Toss(OfdmaCoin::TRAFFIC_PHASE) < m_meanOn / (m_meanOn + m_meanOff);
}

uint32_t
OfdmaOnOffTraffic::DoArrive(uint32_t tti)
{
    const bool arrival = m_on && Toss(OfdmaCoin::ARRIVAL, tti) < m_probability * GetWeight();
    const bool over = Toss(OfdmaCoin::TRAFFIC_SWITCH, tti) < 1 / (m_on ? m_meanOn : m_meanOff);
    m_on = m_on != over;
    return arrival;
}

} // namespace ns3
