// SPDX-License-Identifier: GPL-2.0-only
// Prints what the decoders make of a corpus from stdin, a line for each of its records:
// decoder (1 byte), length (4 bytes, little-endian), bytes. tests/bridge/test_verdicts.py compares
// it with what Python's decoders make of the same.
#include "verdict.h"

#include <iostream>
#include <iterator>

int
main()
{
    const std::string corpus{std::istreambuf_iterator<char>(std::cin), {}};
    llmac::Judge judge;
    std::size_t at = 0;
    while (at + 5 <= corpus.size())
    {
        const auto decoder = static_cast<uint8_t>(corpus[at]);
        uint32_t length;
        std::memcpy(&length, &corpus[at + 1], sizeof(length));
        at += 5;
        if (decoder >= llmac::Judge::DECODERS || length > corpus.size() - at)
        {
            std::cerr << "wire-verdict: the corpus is damaged at byte " << at - 5 << std::endl;
            return 1;
        }
        std::cout << judge.Decide(llmac::Judge::Decoder(decoder), corpus.data() + at, length)
                  << '\n';
        at += length;
    }
    return 0;
}
