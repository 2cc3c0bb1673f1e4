// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_RANDOM_AGENTS_H
#define OFDMA_RANDOM_AGENTS_H

#include <ns3/ofdma-coin.h>
#include <ns3/ofdma-lockstep.h>

#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Agents that draw every action and every message, for tests and to measure speed
 *
 * What is drawn depends on the seed of the cell, the UE and the TTI alone.
 */
class OfdmaRandomAgents : public OfdmaAgents
{
  public:
    /**
     * \param cells that they decide for
     * \param salt tells agents with different actions apart
     */
    explicit OfdmaRandomAgents(std::vector<Ptr<OfdmaCell>> cells, uint64_t salt = 0);

    // Inherited from OfdmaAgents
    bool Lead(uint32_t tti) override;
    bool Follow(uint32_t tti) override;
    void Finish(uint32_t tti) override;

    /// \return sums over all cells and all TTIs so far
    const std::vector<int64_t>& GetTotals() const;
    /// \return sum of the utilities of all cells and TTIs so far
    double GetUtility() const;

  private:
    /// Add up what the last TTI brought.
    void Count();

    std::vector<Ptr<OfdmaCell>> m_cells; //!< in order
    std::vector<OfdmaCoin> m_coins;      //!< of the actions in each cell
    std::vector<OfdmaDcm> m_dcms;        //!< of one cell
    std::vector<uint16_t> m_actions;     //!< of one cell
    std::vector<int64_t> m_totals;       //!< by counter
    double m_utility{0};                 //!< sum
};

} // namespace ns3

#endif // OFDMA_RANDOM_AGENTS_H
