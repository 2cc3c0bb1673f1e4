// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_CRC32C_H
#define LLMAC_CRC32C_H

#include <cstddef>
#include <cstdint>

namespace llmac
{

/**
 * CRC32C (Castagnoli), as in RFC 3720 section 12.1 and appendix B.4.
 * \param data bytes
 * \param size number of them
 * \param crc of the bytes before these, 0 at the beginning
 * \return CRC of all bytes so far
 */
uint32_t Crc32c(const void* data, std::size_t size, uint32_t crc = 0);

/// The same without the processor's instruction, for processors that lack it.
uint32_t Crc32cByTable(const void* data, std::size_t size, uint32_t crc = 0);

} // namespace llmac

#endif // LLMAC_CRC32C_H
