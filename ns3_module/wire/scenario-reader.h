// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_SCENARIO_READER_H
#define LLMAC_SCENARIO_READER_H

#include "llmac/v1/scenario.pb.h"

#include <ns3/ofdma-scenario.h>

namespace llmac
{

/**
 * \param message scenario as received
 * \return the same, checked
 * \throw Fault FAULT_BAD_SCENARIO with a sentence that names the field
 */
ns3::OfdmaScenario ReadScenario(const v1::Scenario& message);

} // namespace llmac

#endif // LLMAC_SCENARIO_READER_H
