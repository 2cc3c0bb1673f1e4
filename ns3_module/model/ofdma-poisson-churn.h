// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_POISSON_CHURN_H
#define OFDMA_POISSON_CHURN_H

#include "ofdma-churn.h"
#include "ofdma-coin.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief UEs join as a Poisson process and stay for a geometric time
 */
struct OfdmaPoissonChurn
{
    double joinPerTti; //!< mean joins at a boundary
    double meanStay;   //!< TTIs; of those connected at TTI 0, too
    uint32_t minUes; //!< a UE whose time is over stays as long as no more than these are connected
    uint32_t maxUes; //!< a UE that would exceed these does not join
    uint32_t maxJoins; //!< of an episode; beyond it nobody joins

    /**
     * Draw the joins and leaves of an episode, from the coin alone.
     * \param coin of the environment
     * \param ues connected at TTI 0
     * \param ttis length of the episode
     * \return what happens, in order of TTI
     */
    std::vector<OfdmaChurnEvent> Draw(OfdmaCoin coin, uint32_t ues, uint32_t ttis) const;
};

} // namespace ns3

#endif // OFDMA_POISSON_CHURN_H
