// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_MODEL_CHECK_H
#define OFDMA_MODEL_CHECK_H

#include "ofdma-loss-chain.h"

#include <string>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Look for what keeps a chain of loss models from working, before ns-3 ends the process over it
 * \param specs the models
 * \return what is wrong and what would be right, in a sentence; empty when nothing was found
 */
std::string FindOfdmaModelProblem(const std::vector<OfdmaModelSpec>& specs);

/**
 * \ingroup ofdma-mac
 * \param type of a loss model
 * \return why it cannot work in a cell, as a clause; empty when it can
 */
std::string FindOfdmaModelObstacle(TypeId type);

} // namespace ns3

#endif // OFDMA_MODEL_CHECK_H
