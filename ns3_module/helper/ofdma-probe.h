// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_PROBE_H
#define OFDMA_PROBE_H

#include "ofdma-scenario.h"

#include <string>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Look for what keeps channel, antennas, mobility and applications of a scenario from
 * working
 *
 * ns-3 ends the process on an attribute value or a model that it cannot use, so that a child
 * process tries them first. What was found is remembered.
 *
 * \param scenario otherwise without fault
 * \return what is wrong, a sentence; empty when nothing is
 */
std::string FindOfdmaChannelProblem(const OfdmaScenario& scenario);

} // namespace ns3

#endif // OFDMA_PROBE_H
