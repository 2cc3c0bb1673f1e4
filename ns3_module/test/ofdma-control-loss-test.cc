// SPDX-License-Identifier: GPL-2.0-only
// Control messages are lost by the SNR of the link in the TTI.
#include "test-episode.h"
#include "watched-agents.h"

#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/test.h>

#include <cmath>

using namespace ns3;

/// Probabilities and the SNR of the downlink, by hand.
class ControlLossCurveTestCase : public TestCase
{
  public:
    ControlLossCurveTestCase()
        : TestCase("curve and link budget")
    {
    }

  private:
    void DoRun() override
    {
        auto loss = CreateObjectWithAttributes<OfdmaControlLoss>("Probability", DoubleValue(0.2));
        NS_TEST_EXPECT_MSG_EQ(loss->UsesSnr(), false, "a fixed probability");
        NS_TEST_EXPECT_MSG_EQ(loss->GetProbability(0), 0.2, "whatever the SNR");
        loss->SetAttribute("Logistic", BooleanValue(true));
        loss->SetAttribute("Midpoint", DoubleValue(10));
        loss->SetAttribute("Slope", DoubleValue(2));
        // Both have to be survived: 1 - 0.8 (1 - logistic).
        NS_TEST_EXPECT_MSG_EQ_TOL(loss->GetProbability(10), 1 - 0.8 * 0.5, 1e-12, "at 10 dB");
        const double logistic = 1 / (1 + std::exp(2)); // 4 dB above, in slopes of 2 dB
        NS_TEST_EXPECT_MSG_EQ_TOL(loss->GetProbability(std::pow(10, 1.4)),
                                  1 - 0.8 * (1 - logistic),
                                  1e-12,
                                  "at 14 dB");
        NS_TEST_EXPECT_MSG_EQ_TOL(loss->GetProbability(1e10), 0.2, 1e-12, "at 100 dB");
        NS_TEST_EXPECT_MSG_EQ(loss->GetProbability(0), 1, "no signal");
        // 46 dBm - 120 dB - (-174 + 9 dBm/Hz + 10 log10(720 kHz) = -106.427 dBm) = 32.427 dB
        NS_TEST_EXPECT_MSG_EQ_TOL(10 * std::log10(loss->CalcDownlinkSnr(1e-12, 720e3)),
                                  32.427,
                                  1e-3,
                                  "downlink");
    }
};

/// In a cell with fading, as many messages are lost as the SNRs of their TTIs let expect.
class ControlLossCellTestCase : public TestCase
{
  public:
    ControlLossCellTestCase()
        : TestCase("messages lost in a fading cell")
    {
    }

  private:
    static constexpr double MIDPOINT = 56; //!< dB
    static constexpr double SLOPE = 3;     //!< dB

    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ttis = 20000;
        scenario.ues = 1;
        scenario.positions = {Vector(250, 0, 1.5)};
        scenario.channel = {
            {"ns3::FriisPropagationLossModel", {{"Frequency", "2e9"}}},
            {"ns3::NakagamiPropagationLossModel", {{"m0", "1"}, {"m1", "1"}, {"m2", "1"}}}};
        // The BS has 23 dB more than the UE, whose receiver is 4 dB noisier.
        scenario.controlSnrLoss = {MIDPOINT, SLOPE, 46, 9};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        cell.TraceConnectWithoutContext("UcmSent",
                                        MakeCallback(&ControlLossCellTestCase::NoteUcm, this));
        cell.TraceConnectWithoutContext("DcmSent",
                                        MakeCallback(&ControlLossCellTestCase::NoteDcm, this));
        WatchedAgents agents(episode.cells,
                             [&](uint32_t) { m_snr = 10 * std::log10(cell.GetUes()[0]->snr); });
        episode.Run(agents);
        // Friis at 251 m: 86.5 dB; the uplink has 47.0 dB on average, the downlink 66.0 dB.
        NS_TEST_EXPECT_MSG_EQ_TOL(cell.GetMeanSnrDb(*cell.GetUes()[0]), 47.0, 0.2, "mean SNR");
        m_ucms.Check(*this, "UCMs");
        m_dcms.Check(*this, "DCMs");
    }

    /// Messages of one direction.
    struct Messages
    {
        double lost{0};     //!< number
        double expected{0}; //!< sum of their probabilities
        double variance{0}; //!< sum of p (1 - p)

        /// A message was sent.
        void Note(double snr, bool isLost)
        {
            const double p = 1 / (1 + std::exp((snr - MIDPOINT) / SLOPE));
            lost += isLost;
            expected += p;
            variance += p * (1 - p);
        }

        /// The number is what is expected, within four standard deviations.
        void Check(ControlLossCellTestCase& test, const std::string& what) const
        {
            test.Expect(std::abs(lost - expected) <= 4 * std::sqrt(variance) && expected > 1000,
                        what + " lost: " + std::to_string(lost) + ", expected " +
                            std::to_string(expected));
        }
    };

    /// Something holds.
    void Expect(bool holds, const std::string& what)
    {
        NS_TEST_EXPECT_MSG_EQ(holds, true, what);
    }

    /// A UCM was sent.
    void NoteUcm(uint32_t /* ue */, uint16_t /* code */, bool lost)
    {
        m_ucms.Note(m_snr, lost);
    }

    /// A DCM was sent.
    void NoteDcm(uint32_t /* ue */, uint16_t /* code */, bool lost)
    {
        m_dcms.Note(m_snr + 23 - 4, lost);
    }

    double m_snr{0}; //!< dB, of the uplink in this TTI
    Messages m_ucms; //!< from the UE
    Messages m_dcms; //!< to the UE
};

/// The suite of control loss.
class OfdmaControlLossTestSuite : public TestSuite
{
  public:
    OfdmaControlLossTestSuite()
        : TestSuite("ofdma-control-loss")
    {
        AddTestCase(new ControlLossCurveTestCase);
        AddTestCase(new ControlLossCellTestCase);
    }
};

static OfdmaControlLossTestSuite g_ofdmaControlLossTestSuite; //!< the suite
