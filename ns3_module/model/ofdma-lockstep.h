// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_LOCKSTEP_H
#define OFDMA_LOCKSTEP_H

#include "ofdma-cell.h"

#include <ns3/nstime.h>

#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Who decides for the BSs and the UEs of all cells of a process
 */
class OfdmaAgents
{
  public:
    virtual ~OfdmaAgents() = default;

    /**
     * Leader phase: observe the cells and call OfdmaCell::SendDcms().
     * \return false to abandon the episode
     */
    virtual bool Lead(uint32_t tti) = 0;

    /**
     * Follower phase: observe the cells and call OfdmaCell::Act() of each.
     * \return false to abandon the episode
     */
    virtual bool Follow(uint32_t tti) = 0;

    /// The episode is over: observe the cells for the last time.
    virtual void Finish(uint32_t tti) = 0;
};

/**
 * \ingroup ofdma-mac
 * \brief Takes cells through an episode TTI by TTI, by ns-3 events
 *
 * Both phases of TTI t, and the beginning of its transmissions, are at t times the duration of a
 * TTI. Transmissions end one TTI later, and so does the TTI.
 */
class OfdmaLockstep
{
  public:
    /**
     * \param cells of the same number of TTIs
     * \param tti duration of a TTI
     * \param agents decide for the cells
     */
    OfdmaLockstep(std::vector<Ptr<OfdmaCell>> cells, Time tti, OfdmaAgents& agents);

    /// Run the episode, until its end or until the agents abandon it; the simulator stays as it is.
    void Run();

  private:
    /// End of a TTI, boundary, and leader phase of the next.
    void Boundary();
    /// Follower phase, and beginning of the transmissions.
    void Follow();

    std::vector<Ptr<OfdmaCell>> m_cells; //!< in order
    Time m_duration;                     //!< of a TTI
    OfdmaAgents& m_agents;               //!< decide
    uint32_t m_tti{0};                   //!< under way
};

} // namespace ns3

#endif // OFDMA_LOCKSTEP_H
