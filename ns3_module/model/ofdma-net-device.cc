// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-net-device.h"

#include <ns3/channel.h>
#include <ns3/pointer.h>
#include <ns3/uinteger.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaNetDevice);

TypeId
OfdmaNetDevice::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::OfdmaNetDevice")
            .SetParent<NetDevice>()
            .SetGroupName("OfdmaMac")
            .AddAttribute("Mtu",
                          "Greatest packet in bytes; IP fragments what is longer",
                          UintegerValue(1500),
                          MakeUintegerAccessor(&OfdmaNetDevice::SetMtu, &OfdmaNetDevice::GetMtu),
                          MakeUintegerChecker<uint16_t>(68))
            .AddAttribute("TxQueue",
                          "Where FlowMonitor looks for the trace source Drop",
                          TypeId::ATTR_GET,
                          PointerValue(),
                          MakePointerAccessor(&OfdmaNetDevice::m_drops),
                          MakePointerChecker<OfdmaDropTrace>())
            .AddTraceSource("PromiscSniffer",
                            "A packet was sent or received",
                            MakeTraceSourceAccessor(&OfdmaNetDevice::m_sniffer),
                            "ns3::Packet::TracedCallback");
    return tid;
}

OfdmaNetDevice::OfdmaNetDevice(Ptr<OfdmaDropTrace> drops)
    : m_drops(drops)
{
}

void
OfdmaNetDevice::DoDispose()
{
    m_drops->Dispose();
    m_drops = nullptr;
    m_node = nullptr;
    m_receive.Nullify();
    m_promiscReceive.Nullify();
    m_linkChange = {};
    NetDevice::DoDispose();
}

void
OfdmaNetDevice::SetLinkDown()
{
    m_linkUp = false;
    m_linkChange();
}

bool
OfdmaNetDevice::Send(Ptr<Packet> packet, const Address& /* destination */, uint16_t protocol)
{
    if (!m_linkUp)
    {
        Drop(packet);
        return false;
    }
    m_sniffer(packet);
    DoSend(packet, protocol);
    return true;
}

void
OfdmaNetDevice::ForwardUp(Ptr<Packet> packet, uint16_t protocol, const Address& from)
{
    m_sniffer(packet);
    if (!m_promiscReceive.IsNull())
    {
        m_promiscReceive(this, packet, protocol, from, m_address, PACKET_HOST);
    }
    m_receive(this, packet->Copy(), protocol, from);
}

void
OfdmaNetDevice::Drop(Ptr<const Packet> packet)
{
    m_drops->Drop(packet);
}

void
OfdmaNetDevice::SetIfIndex(const uint32_t index)
{
    m_index = index;
}

uint32_t
OfdmaNetDevice::GetIfIndex() const
{
    return m_index;
}

Ptr<Channel>
OfdmaNetDevice::GetChannel() const
{
    return nullptr; // the MAC comes between this device and the channel
}

void
OfdmaNetDevice::SetAddress(Address address)
{
    m_address = Mac48Address::ConvertFrom(address);
}

Address
OfdmaNetDevice::GetAddress() const
{
    return m_address;
}

bool
OfdmaNetDevice::SetMtu(const uint16_t mtu)
{
    m_mtu = mtu;
    return true;
}

uint16_t
OfdmaNetDevice::GetMtu() const
{
    return m_mtu;
}

bool
OfdmaNetDevice::IsLinkUp() const
{
    return m_linkUp;
}

void
OfdmaNetDevice::AddLinkChangeCallback(Callback<void> callback)
{
    m_linkChange.ConnectWithoutContext(callback);
}

bool
OfdmaNetDevice::IsBroadcast() const
{
    return false;
}

Address
OfdmaNetDevice::GetBroadcast() const
{
    return Mac48Address::GetBroadcast();
}

bool
OfdmaNetDevice::IsMulticast() const
{
    return false;
}

Address
OfdmaNetDevice::GetMulticast(Ipv4Address group) const
{
    return Mac48Address::GetMulticast(group);
}

Address
OfdmaNetDevice::GetMulticast(Ipv6Address group) const
{
    return Mac48Address::GetMulticast(group);
}

bool
OfdmaNetDevice::IsBridge() const
{
    return false;
}

bool
OfdmaNetDevice::IsPointToPoint() const
{
    return false;
}

bool
OfdmaNetDevice::SendFrom(Ptr<Packet> /* packet */,
                         const Address& /* source */,
                         const Address& /* destination */,
                         uint16_t /* protocol */)
{
    return false;
}

Ptr<Node>
OfdmaNetDevice::GetNode() const
{
    return m_node;
}

void
OfdmaNetDevice::SetNode(Ptr<Node> node)
{
    m_node = node;
}

bool
OfdmaNetDevice::NeedsArp() const
{
    return false;
}

void
OfdmaNetDevice::SetReceiveCallback(ReceiveCallback callback)
{
    m_receive = callback;
}

void
OfdmaNetDevice::SetPromiscReceiveCallback(PromiscReceiveCallback callback)
{
    m_promiscReceive = callback;
}

bool
OfdmaNetDevice::SupportsSendFrom() const
{
    return false;
}

} // namespace ns3
