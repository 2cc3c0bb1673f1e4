// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-ue-net-device.h"

#include <ns3/simulator.h>
#include <ns3/uinteger.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaUeNetDevice);

TypeId
OfdmaUeNetDevice::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaUeNetDevice")
                            .SetParent<OfdmaNetDevice>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaUeNetDevice>();
    return tid;
}

OfdmaUeNetDevice::OfdmaUeNetDevice()
    : OfdmaUeNetDevice(CreateObject<OfdmaSegmentQueue>())
{
}

OfdmaUeNetDevice::OfdmaUeNetDevice(Ptr<OfdmaSegmentQueue> queue)
    : OfdmaNetDevice(queue),
      m_queue(queue)
{
}

void
OfdmaUeNetDevice::DoDispose()
{
    m_queue = nullptr;
    m_bs = nullptr;
    OfdmaNetDevice::DoDispose();
}

void
OfdmaUeNetDevice::Configure(Ptr<OfdmaBsNetDevice> bs, uint32_t payload)
{
    m_bs = bs;
    m_queue->SetAttribute("Payload", UintegerValue(payload));
}

Ptr<OfdmaSegmentQueue>
OfdmaUeNetDevice::GetQueue() const
{
    return m_queue;
}

void
OfdmaUeNetDevice::Deliver()
{
    if (const OfdmaSdu* sdu = m_queue->Deliver())
    {
        // As an event of the BS's node, so that what it answers is done in that node's context.
        Simulator::ScheduleWithContext(m_bs->GetNode()->GetId(),
                                       Time(0),
                                       &OfdmaBsNetDevice::Receive,
                                       m_bs,
                                       *sdu,
                                       GetAddress());
    }
}

void
OfdmaUeNetDevice::Receive(Ptr<Packet> packet, uint16_t protocol)
{
    if (!IsLinkUp())
    {
        Drop(packet); // the UE left while it was on its way
        return;
    }
    ForwardUp(packet, protocol, m_bs->GetAddress());
}

bool
OfdmaUeNetDevice::IsPointToPoint() const
{
    return true;
}

void
OfdmaUeNetDevice::DoSend(Ptr<Packet> packet, uint16_t protocol)
{
    m_queue->Enqueue(packet, protocol);
}

} // namespace ns3
