// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-ip-traffic.h"

#include <ns3/pointer.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaIpTraffic);

TypeId
OfdmaIpTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaIpTraffic")
                            .SetParent<OfdmaTraffic>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaIpTraffic>()
                            .AddAttribute("Device",
                                          "Device of the UE",
                                          PointerValue(),
                                          MakePointerAccessor(&OfdmaIpTraffic::m_device),
                                          MakePointerChecker<OfdmaUeNetDevice>());
    return tid;
}

void
OfdmaIpTraffic::DoDispose()
{
    m_device = nullptr;
    OfdmaTraffic::DoDispose();
}

uint32_t
OfdmaIpTraffic::DoArrive(uint32_t /* tti */)
{
    return m_device->GetQueue()->GetWaiting();
}

uint32_t
OfdmaIpTraffic::DoAdmit(uint32_t /* arrivals */, uint32_t room)
{
    return m_device->GetQueue()->Admit(room);
}

void
OfdmaIpTraffic::DoDeliver()
{
    m_device->Deliver();
}

void
OfdmaIpTraffic::DoRemove(bool delivered)
{
    m_device->GetQueue()->Remove(delivered);
}

void
OfdmaIpTraffic::DoLeave()
{
    m_device->GetQueue()->Flush();
    m_device->SetLinkDown();
}

} // namespace ns3
