// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-bs-net-device.h"

#include "ofdma-ue-net-device.h"

#include <ns3/ipv4-header.h>
#include <ns3/simulator.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaBsNetDevice);

TypeId
OfdmaBsNetDevice::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaBsNetDevice")
                            .SetParent<OfdmaNetDevice>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaBsNetDevice>()
                            .AddAttribute("Delay",
                                          "Of a packet from the BS to a UE",
                                          TimeValue(MilliSeconds(4)),
                                          MakeTimeAccessor(&OfdmaBsNetDevice::m_delay),
                                          MakeTimeChecker(Time(0)));
    return tid;
}

OfdmaBsNetDevice::OfdmaBsNetDevice()
    : OfdmaNetDevice(CreateObject<OfdmaDropTrace>())
{
}

void
OfdmaBsNetDevice::DoDispose()
{
    m_ues.clear();
    OfdmaNetDevice::DoDispose();
}

void
OfdmaBsNetDevice::AddUe(Ipv4Address address, Ptr<OfdmaUeNetDevice> ue)
{
    m_ues[address] = ue;
}

void
OfdmaBsNetDevice::Receive(const OfdmaSdu& sdu, const Address& from)
{
    ++m_reassembled.packets;
    m_reassembled.bytes += sdu.packet->GetSize();
    m_reassembled.dpdus += sdu.dpdus;
    ForwardUp(sdu.packet, sdu.protocol, from);
}

const OfdmaReassembled&
OfdmaBsNetDevice::GetReassembled() const
{
    return m_reassembled;
}

void
OfdmaBsNetDevice::DoSend(Ptr<Packet> packet, uint16_t protocol)
{
    Ipv4Header header;
    packet->PeekHeader(header);
    const auto ue = m_ues.find(header.GetDestination());
    if (ue == m_ues.end())
    {
        Drop(packet); // there never was such a UE
        return;
    }
    Simulator::ScheduleWithContext(ue->second->GetNode()->GetId(),
                                   m_delay,
                                   &OfdmaUeNetDevice::Receive,
                                   ue->second,
                                   packet,
                                   protocol);
}

} // namespace ns3
