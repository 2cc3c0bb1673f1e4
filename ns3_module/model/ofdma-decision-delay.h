// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_DECISION_DELAY_H
#define OFDMA_DECISION_DELAY_H

#include <cstdint>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The distribution of the TTIs from an observation to the effect of what it led to
 */
class OfdmaDecisionDelay
{
  public:
    /// \param probabilities of 0, 1, 2, ... TTIs, up to a factor; none: no delay
    explicit OfdmaDecisionDelay(const std::vector<double>& probabilities = {});

    /// \return longest delay in TTIs
    uint32_t GetLongest() const;

    /// \return the delay in TTIs that belongs to a number in [0, 1), the distribution inverted
    uint32_t Invert(double number) const;

  private:
    std::vector<double> m_cumulative; //!< probability of a delay of 0, 1, 2, ... TTIs or less
};

/**
 * \ingroup ofdma-mac
 * \brief Decisions of one party on their way from its observations to their effect
 *
 * Of those that arrive in one TTI the newest takes effect, unless a newer one took effect before.
 */
template <typename Decision>
class OfdmaDecisionLine
{
  public:
    /// A decision and the observation that it answers.
    struct Entry
    {
        bool waiting{false}; //!< has not arrived yet
        uint32_t tti{0};     //!< of the observation
        Decision decision{}; //!< what was decided
    };

    /// \param longest delay in TTIs
    explicit OfdmaDecisionLine(uint32_t longest)
        : m_entries(longest + 1)
    {
    }

    /**
     * Put in a decision; one for each TTI at most, in their order.
     * \param tti of the observation
     * \param delay in TTIs
     * \return place for the decision
     */
    Decision& Put(uint32_t tti, uint32_t delay)
    {
        Entry& entry = m_entries[(uint64_t(tti) + delay) % m_entries.size()];
        entry.waiting = true;
        entry.tti = tti;
        return entry.decision;
    }

    /**
     * Take out the decision that takes effect in a TTI. It is called in every TTI, after Put().
     * \return null when none does; valid until the next Put()
     */
    const Entry* Take(uint32_t tti)
    {
        Entry& entry = m_entries[tti % m_entries.size()];
        if (!entry.waiting)
        {
            return nullptr;
        }
        entry.waiting = false;
        if (entry.tti < m_next)
        {
            return nullptr;
        }
        m_next = entry.tti + 1;
        return &entry;
    }

  private:
    std::vector<Entry> m_entries; //!< by TTI of arrival, modulo the size
    uint32_t m_next{0};           //!< decisions before this TTI are older than one that took effect
};

} // namespace ns3

#endif // OFDMA_DECISION_DELAY_H
