// SPDX-License-Identifier: GPL-2.0-only
#include <ns3/ofdma-coin.h>
#include <ns3/test.h>

#include <cmath>
#include <set>

using namespace ns3;

/// Numbers are uniform, and do not depend on each other from key to key.
class OfdmaCoinUniformTestCase : public TestCase
{
  public:
    OfdmaCoinUniformTestCase()
        : TestCase("coins are uniform and uncorrelated along each part of the key")
    {
    }

  private:
    void DoRun() override
    {
        CheckLine("seed", [](uint32_t i) { return OfdmaCoin(i).Toss(OfdmaCoin::DECODE, 1, 1, 1); });
        CheckLine("ue", [](uint32_t i) { return OfdmaCoin(7).Toss(OfdmaCoin::DECODE, i, 1, 1); });
        CheckLine("rbg", [](uint32_t i) { return OfdmaCoin(7).Toss(OfdmaCoin::DECODE, 1, i, 1); });
        CheckLine("tti", [](uint32_t i) { return OfdmaCoin(7).Toss(OfdmaCoin::DECODE, 1, 1, i); });
    }

    /// Check mean, variance and lag-one correlation of numbers that differ in one part of the key.
    template <typename Toss>
    void CheckLine(const std::string& part, Toss toss)
    {
        constexpr uint32_t N = 100000;
        double sum = 0;
        double squares = 0;
        double products = 0;
        double last = 0;
        for (uint32_t i = 0; i < N; ++i)
        {
            const double x = toss(i) - 0.5;
            sum += x;
            squares += x * x;
            products += x * last;
            last = x;
        }
        // Standard deviations of one term: sqrt(1/12), sqrt(1/180) and 1/12.
        const double root = std::sqrt(double(N));
        NS_TEST_EXPECT_MSG_EQ_TOL(sum / root, 0, 4 * std::sqrt(1 / 12.0), part << ": mean");
        NS_TEST_EXPECT_MSG_EQ_TOL((squares - N / 12.0) / root,
                                  0,
                                  4 * std::sqrt(1 / 180.0),
                                  part << ": variance");
        NS_TEST_EXPECT_MSG_EQ_TOL(products / root, 0, 4 / 12.0, part << ": correlation");
    }
};

/// Each part of the key matters.
class OfdmaCoinKeyTestCase : public TestCase
{
  public:
    OfdmaCoinKeyTestCase()
        : TestCase("coins of different keys differ, those of one key do not")
    {
    }

  private:
    void DoRun() override
    {
        std::set<uint64_t> bits;
        for (uint64_t seed : {uint64_t(0), uint64_t(1), ~uint64_t(0)})
        {
            for (uint32_t purpose = OfdmaCoin::ARRIVAL; purpose <= OfdmaCoin::ACTION; ++purpose)
            {
                for (uint32_t i = 0; i < 64; ++i)
                {
                    const auto key = static_cast<OfdmaCoin::Purpose>(purpose);
                    bits.insert(OfdmaCoin(seed).GetBits(key, i & 3, (i >> 2) & 3, i >> 4));
                }
            }
        }
        NS_TEST_ASSERT_MSG_EQ(bits.size(), 3 * 9 * 64, "two keys have the same number");
        NS_TEST_ASSERT_MSG_EQ(OfdmaCoin(5).GetBits(OfdmaCoin::ARRIVAL, 1, 2, 3),
                              OfdmaCoin(5).GetBits(OfdmaCoin::ARRIVAL, 1, 2, 3),
                              "one key has two numbers");
    }
};

/// The suite of coins.
class OfdmaCoinTestSuite : public TestSuite
{
  public:
    OfdmaCoinTestSuite()
        : TestSuite("ofdma-coin")
    {
        AddTestCase(new OfdmaCoinUniformTestCase);
        AddTestCase(new OfdmaCoinKeyTestCase);
    }
};

static OfdmaCoinTestSuite g_ofdmaCoinTestSuite; //!< the suite
