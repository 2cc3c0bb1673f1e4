// SPDX-License-Identifier: GPL-2.0-only
#include "reset-reader.h"

#include "ip-reader.h"
#include "scenario-reader.h"

#include <ns3/ofdma-transport-block.h>

namespace llmac
{

namespace
{

constexpr std::size_t GREATEST_ENVIRONMENTS = 4096; //!< of one process

} // namespace

Episode
ReadReset(const v1::Reset& message)
{
    Episode episode;
    ReadColumn(message.scenario_index(), "scenario_index", episode.scenarioIndex);
    ReadColumn(message.seed(), "seed", episode.seeds);
    CheckLength(episode.seeds, episode.scenarioIndex.size(), "seed");
    if (episode.seeds.empty() || episode.seeds.size() > GREATEST_ENVIRONMENTS)
    {
        throw Fault(v1::FAULT_BAD_COLUMN,
                    "seed: a process has 1 to " + std::to_string(GREATEST_ENVIRONMENTS) +
                        " environments, not " + std::to_string(episode.seeds.size()));
    }
    for (const auto& scenario : message.scenarios())
    {
        episode.scenarios.push_back(ReadScenario(scenario));
        SetCaptures(message.captures(), episode.scenarios.back());
        const auto& first = episode.scenarios.front();
        const auto& last = episode.scenarios.back();
        if (last.ttis != first.ttis || last.numerology != first.numerology)
        {
            throw Fault(v1::FAULT_BAD_SCENARIO,
                        "the scenarios of a process have the same ttis and radio.numerology");
        }
    }
    for (uint32_t index : episode.scenarioIndex)
    {
        if (index >= episode.scenarios.size())
        {
            throw Fault(v1::FAULT_BAD_CODE,
                        "scenario_index " + std::to_string(index) + " is not less than " +
                            std::to_string(episode.scenarios.size()) + ", the number of scenarios");
        }
        const auto& scenario = episode.scenarios[index];
        episode.options.dpduBits.push_back(
            ns3::GetOfdmaTransportBlockBits(scenario.mcs, scenario.rbsPerRbg));
    }
    ReserveCaptures(episode.scenarios, episode.scenarioIndex);
    episode.options.privileged = message.privileged();
    episode.options.bound = message.bound();
    return episode;
}

} // namespace llmac
