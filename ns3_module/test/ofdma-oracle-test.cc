// SPDX-License-Identifier: GPL-2.0-only
// Whole cells against closed forms.
#include "test-episode.h"

#include <ns3/double.h>
#include <ns3/test.h>

#include <cmath>

using namespace ns3;

namespace
{

/// Each of N backlogged UEs transmits with probability p, on one of B RBGs at random.
class OfdmaOracleTestCase : public TestCase
{
  public:
    /**
     * \param ues N
     * \param rbgs B
     * \param probability p
     * \param capture threshold of the SINR, linear, under Rayleigh fading; 0: ideal collisions
     */
    OfdmaOracleTestCase(uint32_t ues, uint32_t rbgs, double probability, double capture)
        : TestCase((capture > 0 ? "Rayleigh capture, N " : "slotted ALOHA, N ") +
                   std::to_string(ues) + ", B " + std::to_string(rbgs) + ", p " +
                   std::to_string(probability) + ", z " + std::to_string(capture)),
          m_ues(ues),
          m_rbgs(rbgs),
          m_probability(probability),
          m_capture(capture)
    {
    }

  private:
    void DoRun() override
    {
        TestEpisode episode(CreateScenario());
        auto& cell = episode.Cell();
        const OfdmaCoin coin(2000000);
        double sum = 0;
        double squares = 0;
        episode.follow = [&](uint32_t tti) {
            std::vector<uint16_t> actions;
            for (uint32_t ue = 0; ue < m_ues; ++ue)
            {
                const double toss = coin.Toss(OfdmaCoin::ACTION, ue, 0, tti) / m_probability;
                const uint16_t access = toss < 1 ? OfdmaCodes::TRANSMIT + uint16_t(m_rbgs * toss)
                                                 : uint16_t(OfdmaCodes::HOLD);
                actions.push_back(cell.GetCodes().Join({access, OfdmaCodes::UCM_NULL}));
            }
            return actions;
        };
        episode.observe = [&](uint32_t tti) {
            if (tti > 0)
            {
                double successes = 0;
                for (int32_t outcome : cell.GetRbgOutcomes())
                {
                    successes += outcome >= 0;
                }
                sum += successes / m_rbgs;
                squares += std::pow(successes / m_rbgs, 2);
            }
        };
        episode.Run();
        const double mean = sum / TTIS;
        const double error = std::sqrt((squares / TTIS - mean * mean) / TTIS);
        NS_TEST_EXPECT_MSG_EQ_TOL(mean, GetSuccess(), 4 * error, "decodes per RBG and TTI");
    }

    /// \return closed form: decodes per RBG and TTI
    double GetSuccess() const
    {
        const double q = m_probability / m_rbgs;
        // One interferer of equal mean power spoils a block with probability z / (1 + z).
        const double spoiled = m_capture > 0 ? q * m_capture / (1 + m_capture) : q;
        return m_ues * q * std::pow(1 - spoiled, m_ues - 1);
    }

    /// \return a cell in which all UEs stand together and always have something to send
    OfdmaScenario CreateScenario() const
    {
        OfdmaScenario scenario;
        scenario.ttis = TTIS;
        scenario.ues = m_ues;
        scenario.rbgs = m_rbgs;
        scenario.bufferCapacity = 1;
        scenario.traffic.Set("Probability", DoubleValue(1));
        scenario.tbler = 0;
        if (m_capture > 0)
        {
            scenario.errorModel = OfdmaScenario::SINR_THRESHOLD;
            scenario.threshold = 10 * std::log10(m_capture);
            scenario.txPower = 50; // the SNR is 90 dB: noise plays no part
            scenario.positions.assign(m_ues, Vector(100, 0, 1.5));
            scenario.channel = {
                {"ns3::LogDistancePropagationLossModel", {}},
                {"ns3::NakagamiPropagationLossModel", {{"m0", "1"}, {"m1", "1"}, {"m2", "1"}}}};
        }
        return scenario;
    }

    static constexpr uint32_t TTIS = 100000; //!< simulated
    uint32_t m_ues;                          //!< N
    uint32_t m_rbgs;                         //!< B
    double m_probability;                    //!< p
    double m_capture;                        //!< z; 0: ideal collisions
};

} // namespace

/// The suite of closed forms.
class OfdmaOracleTestSuite : public TestSuite
{
  public:
    OfdmaOracleTestSuite()
        : TestSuite("ofdma-oracle")
    {
        for (double capture : {0.0, 2.0, 10.0})
        {
            AddTestCase(new OfdmaOracleTestCase(8, 4, 0.5, capture));
            AddTestCase(new OfdmaOracleTestCase(8, 4, 1, capture));
            AddTestCase(new OfdmaOracleTestCase(4, 2, 0.3, capture));
        }
        AddTestCase(new OfdmaOracleTestCase(64, 16, 0.25, 0));
        AddTestCase(new OfdmaOracleTestCase(16, 4, 0.25, 4));
    }
};

static OfdmaOracleTestSuite g_ofdmaOracleTestSuite; //!< the suite
