// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_IP_TRAFFIC_H
#define OFDMA_IP_TRAFFIC_H

#include "ofdma-traffic.h"
#include "ofdma-ue-net-device.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief What the node of a UE sends, whatever the weight
 *
 * A packet that was handed to the device arrives as dPDUs at the next boundary, all of them or
 * none.
 */
class OfdmaIpTraffic : public OfdmaTraffic
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    void DoDispose() override;
    uint32_t DoArrive(uint32_t tti) override;
    uint32_t DoAdmit(uint32_t arrivals, uint32_t room) override;
    void DoDeliver() override;
    void DoRemove(bool delivered) override;
    void DoLeave() override;

    Ptr<OfdmaUeNetDevice> m_device; //!< of the UE
};

} // namespace ns3

#endif // OFDMA_IP_TRAFFIC_H
