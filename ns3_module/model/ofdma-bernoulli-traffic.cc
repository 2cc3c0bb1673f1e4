// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-bernoulli-traffic.h"

#include <ns3/double.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaBernoulliTraffic);

TypeId
OfdmaBernoulliTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaBernoulliTraffic")
                            .SetParent<OfdmaTraffic>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaBernoulliTraffic>()
                            .AddAttribute("Probability",
                                          "Probability of one arrival in a TTI, at weight 1",
                                          DoubleValue(0.5),
                                          MakeDoubleAccessor(&OfdmaBernoulliTraffic::m_probability),
                                          MakeDoubleChecker<double>(0, 1));
    return tid;
}

uint32_t
OfdmaBernoulliTraffic::DoArrive(uint32_t tti)
{
    return Toss(OfdmaCoin::ARRIVAL, tti) < m_probability * GetWeight();
}

} // namespace ns3
