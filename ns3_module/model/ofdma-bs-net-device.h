// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_BS_NET_DEVICE_H
#define OFDMA_BS_NET_DEVICE_H

#include "ofdma-net-device.h"
#include "ofdma-segment-queue.h"

#include <ns3/ipv4-address.h>
#include <ns3/nstime.h>

#include <map>

namespace ns3
{

class OfdmaUeNetDevice;

/// What the BS reassembled from dPDUs.
struct OfdmaReassembled
{
    uint64_t packets{0}; //!< whole packets
    uint64_t bytes{0};   //!< of them, IP headers included
    uint64_t dpdus{0};   //!< that carried them
};

/**
 * \ingroup ofdma-mac
 * \brief The device of the BS: takes whole packets of the uplink, and sends by an ideal downlink
 *
 * The downlink bearer loses nothing, has no limit of rate and one delay for all packets.
 */
class OfdmaBsNetDevice : public OfdmaNetDevice
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaBsNetDevice();

    /// Let a UE be reached at an address.
    void AddUe(Ipv4Address address, Ptr<OfdmaUeNetDevice> ue);

    /// Take a packet of a UE, which is whole.
    void Receive(const OfdmaSdu& sdu, const Address& from);

    /// \return all that was received
    const OfdmaReassembled& GetReassembled() const;

  private:
    void DoDispose() override;
    void DoSend(Ptr<Packet> packet, uint16_t protocol) override;

    Time m_delay;                                       //!< of the downlink
    std::map<Ipv4Address, Ptr<OfdmaUeNetDevice>> m_ues; //!< by address
    OfdmaReassembled m_reassembled;                     //!< so far
};

} // namespace ns3

#endif // OFDMA_BS_NET_DEVICE_H
