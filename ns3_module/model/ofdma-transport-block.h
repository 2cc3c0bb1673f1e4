// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_TRANSPORT_BLOCK_H
#define OFDMA_TRANSPORT_BLOCK_H

#include <cstdint>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \param mcs index of modulation and coding scheme, 0 to 28
 * \param rbs RBs that carry the block
 * \return size of an uplink transport block in bits (3GPP TS 36.213 tables 8.6.1-1 and 7.1.7.2.1-1,
 * from ns3::LteAmc)
 */
uint32_t GetOfdmaTransportBlockBits(uint32_t mcs, uint32_t rbs);

} // namespace ns3

#endif // OFDMA_TRANSPORT_BLOCK_H
