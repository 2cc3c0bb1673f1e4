// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_CHURN_READER_H
#define LLMAC_CHURN_READER_H

#include "llmac/v1/scenario.pb.h"

#include <ns3/ofdma-churn.h>
#include <ns3/ofdma-poisson-churn.h>

#include <vector>

namespace llmac
{

/// \return the joins and leaves of a scenario \throw Fault when UEs leave that are not connected
std::vector<ns3::OfdmaChurnEvent> ReadChurn(const v1::Scenario& message);

/// \return the random joins and leaves of a scenario \throw Fault when something is bad
ns3::OfdmaPoissonChurn ReadPoissonChurn(const v1::Scenario& message);

} // namespace llmac

#endif // LLMAC_CHURN_READER_H
