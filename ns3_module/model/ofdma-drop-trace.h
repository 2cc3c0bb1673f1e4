// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_DROP_TRACE_H
#define OFDMA_DROP_TRACE_H

#include <ns3/object.h>
#include <ns3/packet.h>
#include <ns3/traced-callback.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Tells of packets that a device drops
 *
 * FlowMonitor learns of a device's losses by the trace source Drop of its attribute TxQueue; this
 * is what a device of ours has there.
 */
class OfdmaDropTrace : public Object
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    /// A packet is dropped.
    void Drop(Ptr<const Packet> packet);

  private:
    TracedCallback<Ptr<const Packet>> m_dropTrace; //!< a packet was dropped
};

} // namespace ns3

#endif // OFDMA_DROP_TRACE_H
