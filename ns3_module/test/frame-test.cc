// SPDX-License-Identifier: GPL-2.0-only
#include "crc32c.h"
#include "fault.h"
#include "frame.h"

#include <ns3/test.h>

#include <numeric>
#include <string>

using namespace ns3;

/// Known values, and both ways of computing them.
class Crc32cTestCase : public TestCase
{
  public:
    Crc32cTestCase()
        : TestCase("CRC32C against RFC 3720 appendix B.4, by instruction and by table")
    {
    }

  private:
    void DoRun() override
    {
        std::string ascending(32, '\0');
        std::iota(ascending.begin(), ascending.end(), '\0');
        const std::string descending(ascending.rbegin(), ascending.rend());
        Check(std::string(32, '\0'), 0x8a9136aa);
        Check(std::string(32, '\xff'), 0x62a8ab43);
        Check(ascending, 0x46dd794e);
        Check(descending, 0x113fdb5c);
        Check("123456789", 0xe3069283);
        Check("", 0);
        std::string text;
        for (uint32_t i = 0; i < 200; ++i)
        {
            text += static_cast<char>(i * i + 7);
            Check(text, llmac::Crc32cByTable(text.data(), text.size()));
        }
    }

    /// Check the CRC of a text, whole and in two parts.
    void Check(const std::string& text, uint32_t crc)
    {
        const std::size_t half = text.size() / 2;
        NS_TEST_EXPECT_MSG_EQ(llmac::Crc32c(text.data(), text.size()), crc, "whole");
        NS_TEST_EXPECT_MSG_EQ(llmac::Crc32cByTable(text.data(), text.size()), crc, "by table");
        const uint32_t first = llmac::Crc32c(text.data(), half);
        NS_TEST_EXPECT_MSG_EQ(llmac::Crc32c(text.data() + half, text.size() - half, first),
                              crc,
                              "in two parts");
    }
};

/// A frame comes back as it was, and a damaged one does not.
class FrameTestCase : public TestCase
{
  public:
    FrameTestCase()
        : TestCase("frames, whole and damaged")
    {
    }

  private:
    void DoRun() override
    {
        llmac::v1::Message message;
        message.mutable_refusal()->set_reason("the schemas differ");
        std::string frame;
        llmac::EncodeFrame({0x0123456789abcdef, 42}, message, frame);

        llmac::v1::Message received;
        const auto header = llmac::DecodeFrame(frame.data(), frame.size(), received);
        NS_TEST_EXPECT_MSG_EQ(header.session, 0x0123456789abcdef, "session");
        NS_TEST_EXPECT_MSG_EQ(header.sequence, 42, "sequence");
        NS_TEST_EXPECT_MSG_EQ(received.refusal().reason(), message.refusal().reason(), "payload");
        NS_TEST_EXPECT_MSG_EQ(frame.substr(0, 8), std::string("LMAC\1\0\0\0", 8), "first bytes");
        NS_TEST_EXPECT_MSG_EQ(llmac::PeekSequence(frame.data(), frame.size()), 42, "sequence");

        for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit)
        {
            std::string damaged = frame;
            damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
            NS_TEST_EXPECT_MSG_EQ(IsRefused(damaged), true, "bit " << bit << " was flipped");
        }
        for (std::size_t size = 0; size < frame.size(); ++size)
        {
            NS_TEST_EXPECT_MSG_EQ(IsRefused(frame.substr(0, size)), true, "cut to " << size);
        }
        NS_TEST_EXPECT_MSG_EQ(IsRefused(frame + '\0'), true, "one byte too many");
        NS_TEST_EXPECT_MSG_EQ(llmac::PeekSequence(frame.data(), 31), 0, "too short");
    }

    /// \return whether a frame is refused as a bad frame
    static bool IsRefused(const std::string& frame)
    {
        llmac::v1::Message received;
        try
        {
            llmac::DecodeFrame(frame.data(), frame.size(), received);
            return false;
        }
        catch (const llmac::Fault& fault)
        {
            return fault.GetCode() == llmac::v1::FAULT_BAD_FRAME;
        }
    }
};

/// The suite of frames.
class FrameTestSuite : public TestSuite
{
  public:
    FrameTestSuite()
        : TestSuite("ofdma-frame")
    {
        AddTestCase(new Crc32cTestCase);
        AddTestCase(new FrameTestCase);
    }
};

static FrameTestSuite g_frameTestSuite; //!< the suite
