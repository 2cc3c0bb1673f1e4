// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_UE_NET_DEVICE_H
#define OFDMA_UE_NET_DEVICE_H

#include "ofdma-bs-net-device.h"
#include "ofdma-net-device.h"
#include "ofdma-segment-queue.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The device of a UE: its packets become the dPDUs of the UE's buffer
 */
class OfdmaUeNetDevice : public OfdmaNetDevice
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaUeNetDevice();

    /**
     * \param bs at the other end
     * \param payload bytes of a packet that a dPDU carries
     */
    void Configure(Ptr<OfdmaBsNetDevice> bs, uint32_t payload);

    /// \return packets on their way into and through the buffer
    Ptr<OfdmaSegmentQueue> GetQueue() const;

    /// The BS decoded the head-of-line dPDU; it takes the packet if that is whole.
    void Deliver();

    /// Take a packet of the downlink.
    void Receive(Ptr<Packet> packet, uint16_t protocol);

    bool IsPointToPoint() const override;

  private:
    /// \param queue its segments
    explicit OfdmaUeNetDevice(Ptr<OfdmaSegmentQueue> queue);

    void DoDispose() override;
    void DoSend(Ptr<Packet> packet, uint16_t protocol) override;

    Ptr<OfdmaSegmentQueue> m_queue; //!< segments
    Ptr<OfdmaBsNetDevice> m_bs;     //!< at the other end
};

} // namespace ns3

#endif // OFDMA_UE_NET_DEVICE_H
