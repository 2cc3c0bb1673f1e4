// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_TRAFFIC_READER_H
#define LLMAC_TRAFFIC_READER_H

#include "llmac/v1/scenario.pb.h"

#include <ns3/ofdma-scenario.h>

namespace llmac
{

/// Read the traffic and the weights of a scenario. \throw Fault when something is missing or bad
void ReadTraffic(const v1::Traffic& message, ns3::OfdmaScenario& scenario);

} // namespace llmac

#endif // LLMAC_TRAFFIC_READER_H
