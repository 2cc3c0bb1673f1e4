// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-poisson-traffic.h"

#include <ns3/double.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaPoissonTraffic);

TypeId
OfdmaPoissonTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaPoissonTraffic")
                            .SetParent<OfdmaTraffic>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaPoissonTraffic>()
                            .AddAttribute("Mean",
                                          "Mean number of arrivals in a TTI, at weight 1",
                                          DoubleValue(0.5),
                                          MakeDoubleAccessor(&OfdmaPoissonTraffic::m_mean),
                                          MakeDoubleChecker<double>(0));
    return tid;
}

uint32_t
OfdmaPoissonTraffic::DoArrive(uint32_t tti)
{
    return TossPoisson(m_mean * GetWeight(), tti);
}

} // namespace ns3
