// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_NET_DEVICE_H
#define OFDMA_NET_DEVICE_H

#include "ofdma-drop-trace.h"

#include <ns3/mac48-address.h>
#include <ns3/net-device.h>
#include <ns3/node.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief What the devices of UEs and BS have in common: the place between a node and the MAC
 *
 * Packets have no link header; captures hold raw IP. There is no broadcast and no ARP: a UE has the
 * BS at the other end, and the BS finds the UE by the IPv4 destination.
 */
class OfdmaNetDevice : public NetDevice
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    /// \param drops where the packets that this device drops are told
    explicit OfdmaNetDevice(Ptr<OfdmaDropTrace> drops);

    /// The link goes down, for good.
    void SetLinkDown();

    // Inherited from NetDevice
    void SetIfIndex(const uint32_t index) override;
    uint32_t GetIfIndex() const override;
    Ptr<Channel> GetChannel() const override;
    void SetAddress(Address address) override;
    Address GetAddress() const override;
    bool SetMtu(const uint16_t mtu) override;
    uint16_t GetMtu() const override;
    bool IsLinkUp() const override;
    void AddLinkChangeCallback(Callback<void> callback) override;
    bool IsBroadcast() const override;
    Address GetBroadcast() const override;
    bool IsMulticast() const override;
    Address GetMulticast(Ipv4Address group) const override;
    Address GetMulticast(Ipv6Address group) const override;
    bool IsBridge() const override;
    bool IsPointToPoint() const override;
    bool Send(Ptr<Packet> packet, const Address& destination, uint16_t protocol) override;
    bool SendFrom(Ptr<Packet> packet,
                  const Address& source,
                  const Address& destination,
                  uint16_t protocol) override;
    Ptr<Node> GetNode() const override;
    void SetNode(Ptr<Node> node) override;
    bool NeedsArp() const override;
    void SetReceiveCallback(ReceiveCallback callback) override;
    void SetPromiscReceiveCallback(PromiscReceiveCallback callback) override;
    bool SupportsSendFrom() const override;

  protected:
    void DoDispose() override;

    /// Hand a packet to the node.
    void ForwardUp(Ptr<Packet> packet, uint16_t protocol, const Address& from);
    /// Give a packet up.
    void Drop(Ptr<const Packet> packet);

  private:
    /// Take a packet that the node sends.
    virtual void DoSend(Ptr<Packet> packet, uint16_t protocol) = 0;

    Ptr<OfdmaDropTrace> m_drops;                 //!< losses
    Ptr<Node> m_node;                            //!< of which it is a device
    Mac48Address m_address;                      //!< of the device
    uint32_t m_index{0};                         //!< among the devices of the node
    uint16_t m_mtu;                              //!< bytes of the longest packet
    bool m_linkUp{true};                         //!< the UE is connected
    ReceiveCallback m_receive;                   //!< takes packets
    PromiscReceiveCallback m_promiscReceive;     //!< takes packets, too
    TracedCallback<> m_linkChange;               //!< the link went down
    TracedCallback<Ptr<const Packet>> m_sniffer; //!< a packet passed, in either direction
};

} // namespace ns3

#endif // OFDMA_NET_DEVICE_H
