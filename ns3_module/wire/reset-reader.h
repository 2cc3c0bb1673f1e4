// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_RESET_READER_H
#define LLMAC_RESET_READER_H

#include "observation-writer.h"

#include "llmac/v1/wire.pb.h"

#include <ns3/ofdma-scenario.h>

#include <cstdint>
#include <vector>

namespace llmac
{

/// An episode that was asked for and can be simulated.
struct Episode
{
    std::vector<ns3::OfdmaScenario> scenarios; //!< those in use
    std::vector<uint32_t> scenarioIndex;       //!< of each cell
    std::vector<uint64_t> seeds;               //!< of each cell
    EpisodeOptions options;                    //!< what is sent besides
};

/// \return the episode that a Reset asks for \throw Fault
Episode ReadReset(const v1::Reset& message);

} // namespace llmac

#endif // LLMAC_RESET_READER_H
