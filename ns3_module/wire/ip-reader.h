// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_IP_READER_H
#define LLMAC_IP_READER_H

#include "llmac/v1/scenario.pb.h"

#include <ns3/ofdma-scenario.h>

namespace llmac
{

/// \return the IP traffic of a scenario \throw Fault when something is missing or bad
ns3::OfdmaInternetSpec ReadIp(const v1::Traffic::Ip& message);

/// Check that packets can be cut into the dPDUs of a scenario. \throw Fault when they cannot
void CheckIp(const ns3::OfdmaScenario& scenario);

/// Let an episode be captured. \throw Fault when it cannot be
void SetCaptures(const std::string& folder, ns3::OfdmaScenario& scenario);

/// Make room for a pcap file of each node of some environments. \throw Fault when there is none
void ReserveCaptures(const std::vector<ns3::OfdmaScenario>& scenarios,
                     const std::vector<uint32_t>& scenarioIndex);

} // namespace llmac

#endif // LLMAC_IP_READER_H
