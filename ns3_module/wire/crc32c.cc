// SPDX-License-Identifier: GPL-2.0-only
#include "crc32c.h"

#include <array>
#include <cstring>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

namespace llmac
{

namespace
{

/// \return CRC of each byte value, for the reflected polynomial 0x82f63b78
constexpr std::array<uint32_t, 256>
MakeTable()
{
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < 256; ++byte)
    {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
        {
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
        }
        table[byte] = crc;
    }
    return table;
}

#ifdef __x86_64__
/// The same by the instruction of SSE4.2.
__attribute__((target("sse4.2"))) uint32_t
Crc32cByInstruction(const void* data, std::size_t size, uint32_t crc)
{
    const auto* bytes = static_cast<const uint8_t*>(data);
    uint64_t state = ~crc;
    for (; size >= 8; size -= 8, bytes += 8)
    {
        uint64_t word;
        std::memcpy(&word, bytes, sizeof(word));
        state = _mm_crc32_u64(state, word);
    }
    for (; size > 0; --size, ++bytes)
    {
        state = _mm_crc32_u8(static_cast<uint32_t>(state), *bytes);
    }
    return ~static_cast<uint32_t>(state);
}
#endif

} // namespace

uint32_t
Crc32cByTable(const void* data, std::size_t size, uint32_t crc)
{
    static constexpr std::array<uint32_t, 256> TABLE = MakeTable();
    const auto* bytes = static_cast<const uint8_t*>(data);
    crc = ~crc;
    for (std::size_t i = 0; i < size; ++i)
    {
        crc = (crc >> 8) ^ TABLE[(crc ^ bytes[i]) & 0xff];
    }
    return ~crc;
}

uint32_t
Crc32c(const void* data, std::size_t size, uint32_t crc)
{
#ifdef __x86_64__
    static const bool hasInstruction = __builtin_cpu_supports("sse4.2");
    if (hasInstruction)
    {
        return Crc32cByInstruction(data, size, crc);
    }
#endif
    return Crc32cByTable(data, size, crc);
}

} // namespace llmac
