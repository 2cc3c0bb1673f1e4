// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-traffic.h"

#include <ns3/double.h>

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaTraffic);

TypeId
OfdmaTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaTraffic")
                            .SetParent<Object>()
                            .SetGroupName("OfdmaMac")
                            .AddAttribute("Weight",
                                          "Factor of the load of this UE",
                                          DoubleValue(1),
                                          MakeDoubleAccessor(&OfdmaTraffic::m_weight),
                                          MakeDoubleChecker<double>(0));
    return tid;
}

void
OfdmaTraffic::Join(OfdmaCoin coin, uint32_t ue, uint32_t tti)
{
    m_coin = coin;
    m_ue = ue;
    DoJoin(ue, tti);
}

uint32_t
OfdmaTraffic::Arrive(uint32_t tti)
{
    return DoArrive(tti);
}

uint32_t
OfdmaTraffic::Admit(uint32_t arrivals, uint32_t room)
{
    return DoAdmit(arrivals, room);
}

void
OfdmaTraffic::Deliver()
{
    DoDeliver();
}

void
OfdmaTraffic::Remove(bool delivered)
{
    DoRemove(delivered);
}

void
OfdmaTraffic::Leave()
{
    DoLeave();
}

double
OfdmaTraffic::GetWeight() const
{
    return m_weight;
}

double
OfdmaTraffic::Toss(OfdmaCoin::Purpose purpose, uint32_t tti) const
{
    return m_coin.Toss(purpose, m_ue, 0, tti);
}

uint32_t
OfdmaTraffic::TossPoisson(double mean, uint32_t tti) const
{
    return m_coin.TossPoisson(OfdmaCoin::ARRIVAL, mean, m_ue, tti);
}

void
OfdmaTraffic::DoJoin(uint32_t /* ue */, uint32_t /* tti */)
{
}

uint32_t
OfdmaTraffic::DoAdmit(uint32_t arrivals, uint32_t room)
{
    return std::min(arrivals, room);
}

void
OfdmaTraffic::DoDeliver()
{
}

void
OfdmaTraffic::DoRemove(bool /* delivered */)
{
}

void
OfdmaTraffic::DoLeave()
{
}

} // namespace ns3
