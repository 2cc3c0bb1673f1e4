// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_CELL_HELPER_H
#define OFDMA_CELL_HELPER_H

#include "ofdma-scenario.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Builds cells
 *
 * A cell depends on its scenario and seed alone, not on how many cells a process simulates nor on
 * its place among them.
 */
class OfdmaCellHelper
{
  public:
    /**
     * \param scenario what the cell is; its channel must have no problem (FindOfdmaModelProblem())
     * \param seed of everything that is drawn
     * \param wouldDecode find out in each TTI who would be decoded where
     * \param bound compute the bound on the deliveries of any protocol
     * \return the cell, before TTI 0
     */
    static Ptr<OfdmaCell> Create(const OfdmaScenario& scenario,
                                 uint64_t seed,
                                 bool wouldDecode = false,
                                 bool bound = false);
};

} // namespace ns3

#endif // OFDMA_CELL_HELPER_H
