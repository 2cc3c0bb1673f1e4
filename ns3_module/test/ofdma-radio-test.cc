// SPDX-License-Identifier: GPL-2.0-only
// SINR, noise and block errors, against hand calculation and against LteMiErrorModel itself.
#include "test-episode.h"

#include <ns3/double.h>
#include <ns3/lte-mi-error-model.h>
#include <ns3/ofdma-mi-error-model.h>
#include <ns3/ofdma-transport-block.h>
#include <ns3/test.h>
#include <ns3/uinteger.h>

#include <cmath>
#include <numeric>

using namespace ns3;

namespace
{

/// \return 10 log10 x
double
ToDb(double x)
{
    return 10 * std::log10(x);
}

/// Two UEs at 100 m and 200 m from the BS, both on RBG 0 in TTI 0, UE 0 alone on RBG 1 in TTI 1.
class OfdmaSinrTestCase : public TestCase
{
  public:
    /// Path loss in dB by distance in m and frequency in Hz.
    using PathLoss = std::function<double(double, double)>;

    /**
     * \param model loss model
     * \param loss the same by hand
     * \param numerology mu
     */
    OfdmaSinrTestCase(const OfdmaModelSpec& model, PathLoss loss, uint32_t numerology)
        : TestCase("SINR of two UEs: " + model.typeId + ", numerology " +
                   std::to_string(numerology)),
          m_model(model),
          m_loss(std::move(loss)),
          m_numerology(numerology)
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ues = 2;
        scenario.ttis = 2;
        scenario.traffic.Set("Probability", DoubleValue(1));
        scenario.txPower = 20;
        scenario.noiseFigure = 7;
        scenario.numerology = m_numerology;
        scenario.bsHeight = 25;
        scenario.positions = {Vector(100, 0, 1.5), Vector(0, 200, 1.5)};
        scenario.channel = {m_model};
        scenario.errorModel = OfdmaScenario::SINR_THRESHOLD;
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        cell.GetBs()->TraceConnectWithoutContext("Decode",
                                                 MakeCallback(&OfdmaSinrTestCase::Note, this));
        episode.follow = [&](uint32_t tti) {
            const uint16_t first = tti == 0 ? OfdmaCodes::TRANSMIT : OfdmaCodes::TRANSMIT + 1;
            const uint16_t second =
                tti == 0 ? uint16_t(OfdmaCodes::TRANSMIT) : uint16_t(OfdmaCodes::HOLD);
            return std::vector<uint16_t>{cell.GetCodes().Join({first, 0}),
                                         cell.GetCodes().Join({second, 0})};
        };
        episode.observe = [&](uint32_t tti) {
            if (tti == 1)
            {
                const double snr = cell.GetMeanSnrDb(*cell.GetUes()[1]);
                const double byHand = 10 * std::log10(GetMean(1, 0, 8, false));
                NS_TEST_EXPECT_MSG_EQ_TOL(snr, byHand, 0.01, "mean SNR of UE 1");
            }
        };
        episode.Run();
        NS_TEST_ASSERT_MSG_EQ(m_sinr.size(), 2, "one block was decided in each TTI");
        NS_TEST_EXPECT_MSG_EQ_TOL(ToDb(m_sinr[0]), ToDb(GetMean(0, 0, 4, true)), 0.01, "SINR");
        NS_TEST_EXPECT_MSG_EQ_TOL(ToDb(m_sinr[1]), ToDb(GetMean(0, 4, 8, false)), 0.01, "SNR");
    }

    /// \return by hand: SINR or SNR of a UE, mean over some RBs of the band of 8
    double GetMean(uint32_t ue, uint32_t firstRb, uint32_t lastRb, bool interference) const
    {
        const double rbHz = 180e3 * (1 << m_numerology);
        const double distance[2] = {std::hypot(100, 23.5), std::hypot(200, 23.5)};
        double sum = 0;
        for (uint32_t rb = firstRb; rb < lastRb; ++rb)
        {
            const double hz = 2e9 + (rb - 3.5) * rbHz;
            // Power on an RB in mW: a quarter of 20 dBm, less the loss; noise: kTB, 7 dB worse.
            const auto power = [&](uint32_t i) {
                return std::pow(10, (20 - m_loss(distance[i], hz)) / 10) / 4;
            };
            const double noise = std::pow(10, (-174 + 7 + ToDb(rbHz)) / 10);
            sum += power(ue) / (noise + (interference ? power(1 - ue) : 0));
        }
        return sum / (lastRb - firstRb);
    }

    /// A block was decided.
    void Note(uint32_t ue, uint32_t /* rbg */, double sinr, bool /* decoded */)
    {
        NS_TEST_EXPECT_MSG_EQ(ue, 0, "the nearer UE is the stronger one");
        m_sinr.push_back(sinr);
    }

    OfdmaModelSpec m_model;     //!< loss model
    PathLoss m_loss;            //!< by hand
    uint32_t m_numerology;      //!< mu
    std::vector<double> m_sinr; //!< linear, of each TTI
};

/// Thermal noise at 290 K: kT is 4.0e-21 W/Hz.
class OfdmaNoiseTestCase : public TestCase
{
  public:
    OfdmaNoiseTestCase()
        : TestCase("thermal noise")
    {
    }

  private:
    void DoRun() override
    {
        for (double noiseFigure : {0.0, 5.0, 9.0})
        {
            OfdmaScenario scenario;
            scenario.noiseFigure = noiseFigure;
            TestEpisode episode(scenario);
            const double boltzmann = 1.380649e-23;
            NS_TEST_EXPECT_MSG_EQ_TOL(ToDb(episode.Cell().GetBs()->GetNoisePsd()),
                                      ToDb(boltzmann * 290) + noiseFigure,
                                      0.03,
                                      "-174 dBm/Hz is rounded");
        }
    }
};

/// Block errors are those of LteMiErrorModel, also where a table decides.
class OfdmaMiTestCase : public TestCase
{
  public:
    /// \param mcs index of modulation and coding scheme
    explicit OfdmaMiTestCase(uint32_t mcs)
        : TestCase("block errors of LteMiErrorModel at MCS " + std::to_string(mcs)),
          m_mcs(mcs)
    {
    }

  private:
    void DoRun() override
    {
        auto model = CreateObject<OfdmaMiErrorModel>();
        const OfdmaCoin coin(m_mcs);
        const double threshold = FindThreshold();
        uint32_t decoded = 0;
        for (uint32_t i = 0; i < 20000; ++i)
        {
            // 4 dB around the threshold; the RBs of every other block differ by up to 3 dB.
            const double centre = threshold + 8 * (coin.Toss(OfdmaCoin::ACTION, 0, 0, i) - 0.5);
            double sinr[RBS];
            for (uint32_t rb = 0; rb < RBS; ++rb)
            {
                const double spread = i % 2 == 0 ? 0 : 3 * coin.Toss(OfdmaCoin::ACTION, 1, rb, i);
                sinr[rb] = std::pow(10, (centre + spread) / 10);
            }
            const double tbler = GetTblerDirectly(sinr);
            const double toss = coin.Toss(OfdmaCoin::DECODE, 0, 0, i);
            NS_TEST_ASSERT_MSG_EQ_TOL(model->GetTbler(m_mcs, sinr, RBS),
                                      tbler,
                                      1e-12,
                                      centre << " dB");
            NS_TEST_ASSERT_MSG_EQ(model->IsDecoded(m_mcs, sinr, RBS, toss),
                                  (toss >= tbler),
                                  centre << " dB");
            decoded += toss >= tbler;
        }
        NS_TEST_EXPECT_MSG_GT(decoded, 5000, "some blocks are decoded");
        NS_TEST_EXPECT_MSG_LT(decoded, 19000, "some blocks are not decoded");
        CheckMonotony();
    }

    /// \return TBLER straight from ns-3, the block on RBs 3 to 6 of a band of 8
    double GetTblerDirectly(const double* sinr) const
    {
        std::vector<double> centres(8);
        std::iota(centres.begin(), centres.end(), 1);
        SpectrumValue all(Create<SpectrumModel>(centres));
        for (uint32_t rb = 0; rb < RBS; ++rb)
        {
            all[3 + rb] = sinr[rb];
        }
        const auto bytes = static_cast<uint16_t>(GetOfdmaTransportBlockBits(m_mcs, RBS) / 8);
        return LteMiErrorModel::GetTbDecodificationStats(all, {3, 4, 5, 6}, bytes, m_mcs, {}).tbler;
    }

    /// \return TBLER straight from ns-3 of equal SINRs in dB
    double GetTblerDirectly(double db) const
    {
        const std::vector<double> sinr(RBS, std::pow(10, db / 10));
        return GetTblerDirectly(sinr.data());
    }

    /// \return the SINR in dB from which on less than half of the blocks fail
    double FindThreshold() const
    {
        double db = -30;
        while (GetTblerDirectly(db) > 0.5)
        {
            db += 0.1;
        }
        return db;
    }

    /// The TBLER does not increase with the SINR: the table relies on it, and so does the bound.
    void CheckMonotony()
    {
        double last = 1;
        for (double db = -30; db < 40; db += 0.01)
        {
            const double tbler = GetTblerDirectly(db);
            NS_TEST_ASSERT_MSG_LT_OR_EQ(tbler, last, "at " << db << " dB");
            last = tbler;
        }
    }

    static constexpr uint32_t RBS = 4; //!< of the block
    uint32_t m_mcs;                    //!< 0 to 28
};

/// A UE stands where it is told, or somewhere on the ring, uniformly over its area.
class OfdmaPlacementTestCase : public TestCase
{
  public:
    OfdmaPlacementTestCase()
        : TestCase("placement")
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ues = 1000;
        scenario.radius = 500;
        scenario.minDistance = 100;
        scenario.ueHeight = 2;
        scenario.positions = {Vector(1, 2, 3)};
        TestEpisode episode(scenario);
        uint32_t inner = 0;
        uint32_t right = 0;
        for (const auto& ue : episode.Cell().GetUes())
        {
            const Vector position = ue->phy->GetMobility()->GetPosition();
            if (ue->id == 0)
            {
                NS_TEST_EXPECT_MSG_EQ((position == Vector(1, 2, 3)), true, "given");
                continue;
            }
            const double distance = std::hypot(position.x, position.y);
            NS_TEST_EXPECT_MSG_GT_OR_EQ(distance, 100 - 1e-9, "too near");
            NS_TEST_EXPECT_MSG_LT_OR_EQ(distance, 500 + 1e-9, "too far");
            NS_TEST_EXPECT_MSG_EQ(position.z, 2, "height");
            inner += distance < std::sqrt((500 * 500 + 100 * 100) / 2); // half of the area
            right += position.x > 0;
        }
        // Binomial(999, 1/2): standard deviation 15.8.
        NS_TEST_EXPECT_MSG_EQ_TOL(double(inner), 499.5, 4 * 15.8, "in the inner half of the area");
        NS_TEST_EXPECT_MSG_EQ_TOL(double(right), 499.5, 4 * 15.8, "in the right half");
    }
};

} // namespace

/// The suite of the radio.
class OfdmaRadioTestSuite : public TestSuite
{
  public:
    OfdmaRadioTestSuite()
        : TestSuite("ofdma-radio")
    {
        const auto logDistance = [](double m, double) { return 15.3 + 37.6 * std::log10(m); };
        const auto friis = [](double m, double hz) {
            return 20 * std::log10(4 * M_PI * m * hz / 299792458.0);
        };
        const auto friisAt2GHz = [friis](double m, double) { return friis(m, 2e9); };
        const OfdmaModelSpec logDistanceModel{
            "ns3::LogDistancePropagationLossModel",
            {{"Exponent", "3.76"}, {"ReferenceLoss", "15.3"}, {"ReferenceDistance", "1"}}};
        const OfdmaModelSpec friisModel{"ns3::FriisPropagationLossModel", {{"Frequency", "2e9"}}};
        const OfdmaModelSpec friisSpectrumModel{"ns3::FriisSpectrumPropagationLossModel", {}};
        for (uint32_t numerology : {0, 3})
        {
            AddTestCase(new OfdmaSinrTestCase(logDistanceModel, logDistance, numerology));
            AddTestCase(new OfdmaSinrTestCase(friisModel, friisAt2GHz, numerology));
            AddTestCase(new OfdmaSinrTestCase(friisSpectrumModel, friis, numerology));
        }
        // 3GPP TR 38.901 table 7.4.1-1; both UEs are nearer than the break point, 320 m.
        const auto umaLos = [](double m, double) { return 28 + 22 * std::log10(m) + ToDb(4); };
        const auto umaNlos = [](double m, double) {
            return 13.54 + 39.08 * std::log10(m) + ToDb(4);
        };
        const auto uma = [](const std::string& condition) {
            return OfdmaModelSpec{
                "ns3::ThreeGppUmaPropagationLossModel",
                {{"ShadowingEnabled", "false"}, {"ChannelConditionModel", condition}}};
        };
        AddTestCase(new OfdmaSinrTestCase(uma("ns3::AlwaysLosChannelConditionModel"), umaLos, 1));
        AddTestCase(new OfdmaSinrTestCase(uma("ns3::NeverLosChannelConditionModel"), umaNlos, 2));
        AddTestCase(new OfdmaNoiseTestCase);
        for (uint32_t mcs = 0; mcs <= 28; ++mcs)
        {
            AddTestCase(new OfdmaMiTestCase(mcs));
        }
        AddTestCase(new OfdmaPlacementTestCase);
    }
};

static OfdmaRadioTestSuite g_ofdmaRadioTestSuite; //!< the suite
