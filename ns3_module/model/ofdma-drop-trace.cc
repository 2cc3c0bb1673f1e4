// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-drop-trace.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaDropTrace);

TypeId
OfdmaDropTrace::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaDropTrace")
                            .SetParent<Object>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaDropTrace>()
                            .AddTraceSource("Drop",
                                            "A packet was dropped",
                                            MakeTraceSourceAccessor(&OfdmaDropTrace::m_dropTrace),
                                            "ns3::Packet::TracedCallback");
    return tid;
}

void
OfdmaDropTrace::Drop(Ptr<const Packet> packet)
{
    m_dropTrace(packet);
}

} // namespace ns3
