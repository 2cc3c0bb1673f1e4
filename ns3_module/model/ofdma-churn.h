// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_CHURN_H
#define OFDMA_CHURN_H

#include <cstdint>
#include <vector>

namespace ns3
{

/// UEs that leave and join at the boundary before a TTI, leaves first.
struct OfdmaChurnEvent
{
    uint32_t tti;                //!< before which it happens
    uint32_t join;               //!< number of UEs that join
    std::vector<uint32_t> leave; //!< ids of the UEs that leave
};

} // namespace ns3

#endif // OFDMA_CHURN_H
