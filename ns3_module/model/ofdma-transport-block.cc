// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-transport-block.h"

#include <ns3/lte-amc.h>

namespace ns3
{

uint32_t
GetOfdmaTransportBlockBits(uint32_t mcs, uint32_t rbs)
{
    static const auto amc = CreateObject<LteAmc>();
    return amc->GetUlTbSizeFromMcs(mcs, rbs);
}

} // namespace ns3
