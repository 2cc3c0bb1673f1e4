// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_MODEL_CHECK_H
#define OFDMA_MODEL_CHECK_H

#include "ofdma-loss-chain.h"

#include <string>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \param type any type
 * \return why it cannot be a loss model of a cell, as a clause; empty when it can
 */
std::string FindOfdmaModelObstacle(TypeId type);

/**
 * \ingroup ofdma-mac
 * \brief Look for what is wrong with the names in a loss model
 * \param spec the model
 * \return what is wrong and what would be right, a sentence; empty when nothing is
 */
std::string FindOfdmaModelProblem(const OfdmaModelSpec& spec);

} // namespace ns3

#endif // OFDMA_MODEL_CHECK_H
