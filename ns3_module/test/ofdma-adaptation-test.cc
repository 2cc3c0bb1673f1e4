// SPDX-License-Identifier: GPL-2.0-only
// Power control and link adaptation by hand, and the block errors that a cell makes of an SNR.
#include "test-episode.h"

#include <ns3/double.h>
#include <ns3/enum.h>
#include <ns3/lte-amc.h>
#include <ns3/lte-mi-error-model.h>
#include <ns3/ofdma-link-adaptation.h>
#include <ns3/ofdma-power-control.h>
#include <ns3/ofdma-transport-block.h>
#include <ns3/test.h>

#include <cmath>
#include <numeric>

using namespace ns3;

namespace
{

constexpr uint32_t RBS = 4; //!< of an RBG

/// \return a channel with this loss in dB
OfdmaModelSpec
MakeLoss(double loss)
{
    return {"ns3::LogDistancePropagationLossModel",
            {{"Exponent", "0"}, {"ReferenceLoss", std::to_string(loss)}}};
}

/// \return TBLER straight from ns-3, of a block on all RBs of an RBG
double
GetTblerDirectly(uint32_t mcs, double db)
{
    std::vector<double> centres(RBS);
    std::iota(centres.begin(), centres.end(), 1);
    SpectrumValue sinr(Create<SpectrumModel>(centres));
    sinr = std::pow(10, db / 10);
    const auto bytes = static_cast<uint16_t>(GetOfdmaTransportBlockBits(mcs, RBS) / 8);
    return LteMiErrorModel::GetTbDecodificationStats(sinr, {0, 1, 2, 3}, bytes, mcs, {}).tbler;
}

/// Transmit power and what the BS gets of it: 3GPP TS 36.213 clause 5.1.1.1.
class PowerControlTestCase : public TestCase
{
  public:
    PowerControlTestCase()
        : TestCase("open-loop power control")
    {
    }

  private:
    void DoRun() override
    {
        // P0 = -100 dBm, 4 RBs: -93.98 dBm; noise on an RB of 180 kHz: -116.45 dBm.
        Expect(110, 1, -93.98 + 110, "the path loss is made up for");
        Expect(110, 0.5, -93.98 + 55, "half of it");
        Expect(110, 0, -93.98, "nothing of it");
        Expect(130, 1, 23, "no more power than there is");
        CheckFilter();
    }

    /// A cell whose links all have the same loss.
    void Expect(double loss, double alpha, double power, const std::string& what)
    {
        OfdmaScenario scenario;
        scenario.ttis = 3;
        scenario.powerControl = {-100, alpha};
        scenario.channel = {MakeLoss(loss)};
        TestEpisode episode(scenario);
        episode.Run();
        for (const auto& ue : episode.Cell().GetUes())
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(ue->phy->GetTxPower(), power, 0.001, what);
            const double noise = -174 + 5 + 10 * std::log10(4 * 180e3);
            NS_TEST_EXPECT_MSG_EQ_TOL(episode.Cell().GetMeanSnrDb(*ue),
                                      power - loss - noise,
                                      0.001,
                                      what);
        }
    }

    /// The path loss is that of the filtered gain: half-way to a new gain after ln 2 / a TTIs.
    void CheckFilter()
    {
        OfdmaPowerControl control(-100, 1, 1000, 1);
        const double first = control.Update(1e-10);
        NS_TEST_EXPECT_MSG_EQ_TOL(first, 0, 1e-9, "the first measurement counts as it is");
        double gain = 1e-10;
        for (int i = 0; i < 100; ++i)
        {
            gain += OfdmaPowerControl::FILTER * (1e-12 - gain);
            const double power =
                control.Update(1e-12); // ns-3's macro evaluates its arguments twice
            const double byHand = -100 - 10 * std::log10(gain);
            NS_TEST_EXPECT_MSG_EQ_TOL(power, byHand, 1e-6, "measurement " << i);
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(OfdmaPowerControl::FILTER,
                                  std::pow(2, -19.0 / 4),
                                  1e-15,
                                  "k = 19");
    }
};

/// CQIs by SNR: those of LteAmc or one more, since that goes through the MCS and back.
class CqiTestCase : public TestCase
{
  public:
    CqiTestCase()
        : TestCase("CQI and MCS by SNR")
    {
    }

  private:
    void DoRun() override
    {
        const OfdmaCqiTable table(RBS, 0.1);
        auto amc = CreateObject<LteAmc>();
        amc->SetAttribute("AmcModel", EnumValue(LteAmc::MiErrorModel));
        std::vector<double> centres(RBS);
        std::iota(centres.begin(), centres.end(), 1);
        SpectrumValue sinr(Create<SpectrumModel>(centres));
        uint32_t equal = 0;
        uint32_t points = 0;
        for (double db = -15; db < 30; db += 0.05, ++points)
        {
            sinr = std::pow(10, db / 10);
            const int cqi = table.GetCqi(std::pow(10, db / 10));
            const int ofAmc = amc->CreateCqiFeedbacks(sinr, RBS).front();
            const bool close = cqi == ofAmc || cqi == ofAmc + 1; // LteAmc rounds down twice
            NS_TEST_EXPECT_MSG_EQ(close, true, "at " << db << " dB: " << cqi << ", " << ofAmc);
            equal += cqi == ofAmc;
            CheckTarget(table, db);
        }
        NS_TEST_EXPECT_MSG_GT(equal, 0.65 * points, "mostly the same CQI as that of LteAmc");
        NS_TEST_EXPECT_MSG_EQ(table.GetCqi(0), 0, "no signal");
        NS_TEST_EXPECT_MSG_EQ(OfdmaCqiTable::GetMcs(15), 28, "the greatest");
    }

    /// The MCS of a CQI meets the target, that of the next does not.
    void CheckTarget(const OfdmaCqiTable& table, double db)
    {
        const uint32_t cqi = table.GetCqi(std::pow(10, db / 10));
        if (cqi > 0)
        {
            const double tbler = GetTblerDirectly(OfdmaCqiTable::GetMcs(cqi), db);
            NS_TEST_EXPECT_MSG_LT_OR_EQ(tbler, 0.1 + 1e-6, "CQI " << cqi << " at " << db << " dB");
        }
        if (cqi < 15)
        {
            const double tbler = GetTblerDirectly(OfdmaCqiTable::GetMcs(cqi + 1), db);
            NS_TEST_EXPECT_MSG_GT(tbler, 0.1 - 1e-6, "CQI " << cqi + 1 << " at " << db << " dB");
        }
    }
};

/// CQIs age: an MCS is that of the SNR some TTIs before.
class AgingTestCase : public TestCase
{
  public:
    AgingTestCase()
        : TestCase("the MCS follows the SNR late")
    {
    }

  private:
    void DoRun() override
    {
        const auto& table = OfdmaCqiTable::Get(RBS, 0.1);
        for (const auto& [period, delay] : {std::pair(1U, 0U), {10U, 4U}, {3U, 8U}, {5U, 5U}})
        {
            OfdmaLinkAdaptation adaptation(table, period, delay, 7);
            for (uint32_t tti = 0; tti < 60; ++tti)
            {
                const uint32_t measured = tti < delay ? 0 : (tti - delay) / period * period;
                const uint32_t expected =
                    tti < delay ? 7 : OfdmaCqiTable::GetMcs(table.GetCqi(GetSnr(measured)));
                const uint32_t mcs = adaptation.Update(tti, GetSnr(tti));
                NS_TEST_EXPECT_MSG_EQ(mcs,
                                      expected,
                                      "period " << period << ", delay " << delay << ", TTI "
                                                << tti);
            }
        }
    }

    /// \return some SNR, linear
    static double GetSnr(uint32_t tti)
    {
        return std::pow(10, tti % 30 / 10.0);
    }
};

/// Blocks of a UE alone: as many are lost as LteMiErrorModel says, and their bits are counted.
class CellTblerTestCase : public TestCase
{
  public:
    /// \param mcs index of modulation and coding scheme
    explicit CellTblerTestCase(uint32_t mcs)
        : TestCase("block errors of a cell at MCS " + std::to_string(mcs)),
          m_mcs(mcs)
    {
    }

  private:
    void DoRun() override
    {
        double snr = -10;
        while (GetTblerDirectly(m_mcs, snr) > 0.3)
        {
            snr += 0.05;
        }
        const double tbler = GetTblerDirectly(m_mcs, snr);
        OfdmaScenario scenario;
        scenario.ttis = 20000;
        scenario.ues = 2;
        scenario.mcs = m_mcs;
        scenario.ackDeletes = true;
        scenario.traffic.Set("Probability", DoubleValue(1));
        scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
        const double noise = -174 + 5 + 10 * std::log10(RBS * 180e3);
        scenario.channel = {MakeLoss(scenario.txPower - noise - snr)};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        uint64_t decoded = 0;
        uint64_t delivered = 0;
        uint64_t bits = 0;
        episode.observe = [&](uint32_t tti) {
            if (tti > 0)
            {
                decoded += cell.GetRbgOutcomes()[0] == 0;
                decoded += cell.GetRbgOutcomes()[1] == 1;
                delivered += cell.GetLastCounters()[size_t(OfdmaCounter::DELIVERED)];
                bits += cell.GetLastCounters()[size_t(OfdmaCounter::DELIVERED_BIT)];
            }
        };
        episode.lead = [](uint32_t) {
            return std::vector<OfdmaDcm>{{0, OfdmaCodes::ACK}, {1, OfdmaCodes::ACK}};
        };
        episode.follow = [&](uint32_t) {
            return std::vector<uint16_t>{
                cell.GetCodes().Join({OfdmaCodes::TRANSMIT, OfdmaCodes::UCM_NULL}),
                cell.GetCodes().Join({OfdmaCodes::TRANSMIT + 1, OfdmaCodes::UCM_NULL})};
        };
        episode.Run();
        const double blocks = 2.0 * scenario.ttis;
        const double error = std::sqrt(tbler * (1 - tbler) / blocks);
        NS_TEST_EXPECT_MSG_EQ_TOL(1 - decoded / blocks, tbler, 4 * error, "at " << snr << " dB");
        NS_TEST_EXPECT_MSG_EQ(delivered, decoded, "acknowledged blocks make way for the next");
        NS_TEST_EXPECT_MSG_EQ(bits, delivered * GetOfdmaTransportBlockBits(m_mcs, RBS), "bits");
    }

    uint32_t m_mcs; //!< 0 to 28
};

} // namespace

/// The suite of power control and link adaptation.
class OfdmaAdaptationTestSuite : public TestSuite
{
  public:
    OfdmaAdaptationTestSuite()
        : TestSuite("ofdma-adaptation")
    {
        AddTestCase(new PowerControlTestCase);
        AddTestCase(new CqiTestCase);
        AddTestCase(new AgingTestCase);
        for (uint32_t mcs : {0, 4, 9, 16, 28})
        {
            AddTestCase(new CellTblerTestCase(mcs));
        }
    }
};

static OfdmaAdaptationTestSuite g_ofdmaAdaptationTestSuite; //!< the suite
