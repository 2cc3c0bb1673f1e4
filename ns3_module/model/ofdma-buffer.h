// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_BUFFER_H
#define OFDMA_BUFFER_H

#include <cstdint>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The FIFO buffer of a UE
 *
 * Only the head-of-line dPDU is ever transmitted, so only the head can have been delivered.
 */
class OfdmaBuffer
{
  public:
    /// \param capacity in dPDUs
    explicit OfdmaBuffer(uint32_t capacity);

    /**
     * Append a dPDU.
     * \param tti before which it arrived
     * \return false when the buffer is full, and the dPDU was dropped
     */
    bool Push(uint32_t tti);

    /// Remove the head-of-line dPDU.
    void Pop();

    /// Note that the head-of-line dPDU was decoded.
    void MarkHeadDelivered();

    /// \return dPDUs in the buffer
    uint32_t GetSize() const;
    /// \return dPDUs for which there is room
    uint32_t GetRoom() const;
    /// \return dPDUs in the buffer that were not yet delivered
    uint32_t GetUndelivered() const;
    /// \return whether there is a head-of-line dPDU that was delivered
    bool IsHeadDelivered() const;
    /// \return the TTI before which the head-of-line dPDU arrived
    uint32_t GetHeadArrival() const;

  private:
    /// Double the room.
    void Grow();

    uint32_t m_capacity;              //!< in dPDUs
    std::vector<uint32_t> m_arrivals; //!< ring of arrival TTIs; grows up to the capacity
    uint32_t m_head{0};               //!< index of the head of line in the ring
    uint32_t m_size{0};               //!< dPDUs in the buffer
    bool m_headDelivered{false};      //!< the head of line was delivered
};

} // namespace ns3

#endif // OFDMA_BUFFER_H
