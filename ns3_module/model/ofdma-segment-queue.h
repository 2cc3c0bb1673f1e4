// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_SEGMENT_QUEUE_H
#define OFDMA_SEGMENT_QUEUE_H

#include "ofdma-drop-trace.h"

#include <deque>

namespace ns3
{

/// A packet of the layer above, and what it is in dPDUs.
struct OfdmaSdu
{
    Ptr<Packet> packet; //!< of the layer above
    uint16_t protocol;  //!< EtherType of the layer above
    uint32_t dpdus;     //!< that carry it
};

/**
 * \ingroup ofdma-mac
 * \brief Segmentation of a UE's packets into dPDUs, and their reassembly at the BS
 *
 * A dPDU carries HEADER_BYTES and up to Payload bytes of one packet. Segments are counted and never
 * copied: the packet itself is handed over with its last dPDU. The order is that of the buffer,
 * first in, first out, of which only the head of line is ever transmitted, so that the BS gets the
 * segments in order; the header tells it by a sequence number when one is missing, and by a flag
 * where a packet ends. A packet of which a dPDU was deleted undelivered is lost, and its other
 * dPDUs are transmitted in vain.
 */
class OfdmaSegmentQueue : public OfdmaDropTrace
{
  public:
    /// Of a dPDU: 14 bits of sequence number, first and last segment a flag each.
    static constexpr uint32_t HEADER_BYTES = 2;

    /// \return the TypeId
    static TypeId GetTypeId();

    /// \return dPDUs that carry so many bytes
    uint32_t CountDpdus(uint32_t bytes) const;

    /// A packet waits for the next boundary.
    void Enqueue(Ptr<Packet> packet, uint16_t protocol);

    /// \return dPDUs of the packets that wait
    uint32_t GetWaiting() const;

    /**
     * Boundary: packets that wait enter the buffer, in order, each as a whole or not at all.
     * \param room of the buffer in dPDUs
     * \return dPDUs that entered
     */
    uint32_t Admit(uint32_t room);

    /// \name What becomes of the head-of-line dPDU
    ///@{

    /// The BS decoded it for the first time. \return the packet that is whole by it, or null
    const OfdmaSdu* Deliver();

    /// It leaves the buffer. \param delivered whether the BS had decoded it
    void Remove(bool delivered);
    ///@}

    /// All packets are dropped, whether they wait or were in the buffer.
    void Flush();

  private:
    /// A packet in the buffer.
    struct Packing
    {
        OfdmaSdu sdu;       //!< the packet
        uint32_t removed;   //!< its dPDUs that have left the buffer
        uint32_t delivered; //!< its dPDUs that were decoded
        bool lost{false};   //!< a dPDU was deleted undelivered
    };

    void DoDispose() override;

    uint32_t m_payload;             //!< bytes of a packet in a dPDU
    std::deque<OfdmaSdu> m_waiting; //!< for the next boundary
    uint32_t m_waitingDpdus{0};     //!< of them
    std::deque<Packing> m_buffer;   //!< head of line first
};

} // namespace ns3

#endif // OFDMA_SEGMENT_QUEUE_H
