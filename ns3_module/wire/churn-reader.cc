// SPDX-License-Identifier: GPL-2.0-only
#include "churn-reader.h"

#include "field-check.h"

#include <algorithm>
#include <set>

namespace llmac
{

std::vector<ns3::OfdmaChurnEvent>
ReadChurn(const v1::Scenario& message)
{
    std::vector<ns3::OfdmaChurnEvent> churn;
    std::set<uint32_t> connected;
    uint32_t next = 0;
    const auto join = [&](uint32_t count) {
        for (uint32_t i = 0; i < count; ++i)
        {
            connected.insert(connected.end(), next++);
        }
        InRange("the number of UEs connected at a time", connected.size(), size_t(0), size_t(1024));
    };
    join(message.ues());
    uint32_t joining = 0; // in this TTI, after all leaves of it
    uint32_t tti = 0;
    for (const auto& event : message.churn())
    {
        if (event.tti() != tti)
        {
            join(joining);
            joining = 0;
        }
        if (event.tti() < std::max(1U, tti))
        {
            Refuse("churn comes in order of TTI, from TTI 1 on");
        }
        tti = event.tti();
        for (uint32_t ue : event.leave())
        {
            if (connected.erase(ue) == 0)
            {
                Refuse("churn: UE " + std::to_string(ue) + " cannot leave before TTI " +
                       std::to_string(tti) + ", because it is not connected");
            }
        }
        joining += InRange("churn.join", event.join(), 0U, 1024U);
        churn.push_back({tti, event.join(), {event.leave().begin(), event.leave().end()}});
    }
    join(joining);
    return churn;
}

ns3::OfdmaPoissonChurn
ReadPoissonChurn(const v1::Scenario& message)
{
    if (message.churn_size() > 0)
    {
        Refuse("churn and poisson_churn exclude each other");
    }
    const auto& churn = message.poisson_churn();
    InRange("poisson_churn.min_ues", churn.min_ues(), 0U, std::min(1024U, churn.max_ues()));
    return {InRange("poisson_churn.join_per_tti", churn.join_per_tti(), 0.0, 100.0),
            InRange("poisson_churn.mean_stay_ttis", churn.mean_stay_ttis(), 1.0, 1e9),
            churn.min_ues(),
            InRange("poisson_churn.max_ues", churn.max_ues(), 1U, 1024U),
            InRange("poisson_churn.max_joins", churn.max_joins(), 0U, 1000000000U)};
}

} // namespace llmac
