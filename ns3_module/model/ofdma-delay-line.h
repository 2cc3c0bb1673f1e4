// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_DELAY_LINE_H
#define OFDMA_DELAY_LINE_H

#include <cstdint>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Control messages on their way between one UE and the BS, at most one for each TTI
 *
 * Taking a message empties its place; each TTI must be taken once before its place comes round
 * again.
 */
class OfdmaDelayLine
{
  public:
    /// \param delay of a message in TTIs
    explicit OfdmaDelayLine(uint32_t delay)
        : m_codes(delay + 1)
    {
    }

    /// Send a message in a TTI; it arrives `delay` TTIs later.
    void Send(uint32_t tti, uint16_t code)
    {
        m_codes[(tti + m_codes.size() - 1) % m_codes.size()] = code;
    }

    /// \return the code of the message that arrives in a TTI, 0 when none does
    uint16_t Take(uint32_t tti)
    {
        uint16_t& place = m_codes[tti % m_codes.size()];
        const uint16_t code = place;
        place = 0;
        return code;
    }

  private:
    std::vector<uint16_t> m_codes; //!< by TTI of arrival, modulo the size
};

} // namespace ns3

#endif // OFDMA_DELAY_LINE_H
