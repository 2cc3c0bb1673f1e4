// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_FLOW_WRITER_H
#define LLMAC_FLOW_WRITER_H

#include "llmac/v1/wire.pb.h"

#include <ns3/ofdma-cell.h>

#include <vector>

namespace llmac
{

/// Write the IP flows of those cells that have some, unless none has.
void WriteFlows(const std::vector<ns3::Ptr<ns3::OfdmaCell>>& cells, v1::EpisodeEnd& message);

} // namespace llmac

#endif // LLMAC_FLOW_WRITER_H
