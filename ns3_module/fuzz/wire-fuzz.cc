// SPDX-License-Identifier: GPL-2.0-only
// libFuzzer's way in: the first byte chooses the decoder. scripts/fuzz.sh builds and runs it.
#include "verdict.h"

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size)
{
    static llmac::Judge judge;
    if (size > 0)
    {
        // From memory of its own, so that a byte read too far is found.
        const std::vector<uint8_t> bytes(data + 1, data + size);
        judge.Decide(llmac::Judge::Decoder(data[0] % llmac::Judge::DECODERS),
                     bytes.data(),
                     bytes.size());
    }
    return 0;
}
