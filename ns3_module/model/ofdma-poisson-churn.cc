// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-poisson-churn.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>

namespace ns3
{

namespace
{

/// When a UE's time is over, in TTIs, and its id.
using End = std::pair<double, uint32_t>;

/// \return a geometric number of TTIs, 1 or more
double
TossGeometric(OfdmaCoin coin, OfdmaCoin::Purpose purpose, double mean, uint32_t ue)
{
    // P(number > n) = (1 - 1 / mean)^n, inverted; a mean of 1 divides by minus infinity.
    return 1 + std::floor(std::log1p(-coin.Toss(purpose, ue)) / std::log1p(-1 / mean));
}

} // namespace

std::vector<OfdmaChurnEvent>
OfdmaPoissonChurn::Draw(OfdmaCoin coin, uint32_t ues, uint32_t ttis) const
{
    std::vector<OfdmaChurnEvent> events;
    std::priority_queue<End, std::vector<End>, std::greater<>> ends; // of the connected UEs
    uint32_t next = 0;                                               // unused id
    const auto join = [&](uint32_t tti) {
        ends.emplace(tti + TossGeometric(coin, OfdmaCoin::STAY, meanStay, next), next);
        ++next;
    };
    while (next < ues)
    {
        join(0);
    }
    for (uint32_t tti = 1; tti < ttis; ++tti)
    {
        OfdmaChurnEvent event{tti, 0, {}};
        for (; ends.size() > minUes && ends.top().first <= tti; ends.pop())
        {
            event.leave.push_back(ends.top().second);
        }
        const uint32_t room = maxUes - std::min<uint32_t>(maxUes, ends.size());
        const uint32_t arriving = coin.TossPoisson(OfdmaCoin::JOIN, joinPerTti, 0, tti);
        event.join = std::min({arriving, room, ues + maxJoins - next});
        for (uint32_t i = 0; i < event.join; ++i)
        {
            join(tti);
        }
        if (event.join > 0 || !event.leave.empty())
        {
            events.push_back(std::move(event));
        }
    }
    return events;
}

} // namespace ns3
