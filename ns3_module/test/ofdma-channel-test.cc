// SPDX-License-Identifier: GPL-2.0-only
// Gains of links: path loss against the formulas, antennas, fading in frequency and time, mobility.
#include "test-episode.h"

#include <ns3/test.h>

#include <cmath>
#include <functional>
#include <numeric>

using namespace ns3;

namespace
{

constexpr double C = 3e8; //!< m/s, as 3GPP TR 38.901 note 1 of table 7.4.1-1 has it

/// What a path loss depends on.
struct Geometry
{
    double d2;  //!< distance in the plane, m
    double d3;  //!< distance in space, m
    double bs;  //!< height of the BS, m
    double ue;  //!< height of the UE, m
    double ghz; //!< carrier frequency, GHz
};

/// Path loss in dB, by hand.
using PathLoss = std::function<double(const Geometry&)>;

/// \return logarithm to base 10
double
Log(double x)
{
    return std::log10(x);
}

/// \name 3GPP TR 38.901 table 7.4.1-1
///@{
double
GetBreakPoint(const Geometry& g)
{
    return 4 * (g.bs - 1) * (g.ue - 1) * g.ghz * 1e9 / C;
}

double
GetUmaLos(const Geometry& g)
{
    const double breakPoint = GetBreakPoint(g);
    return g.d2 <= breakPoint ? 28 + 22 * Log(g.d3) + 20 * Log(g.ghz)
                              : 28 + 40 * Log(g.d3) + 20 * Log(g.ghz) -
                                    9 * Log(std::pow(breakPoint, 2) + std::pow(g.bs - g.ue, 2));
}

double
GetUmaNlos(const Geometry& g)
{
    return std::max(GetUmaLos(g), 13.54 + 39.08 * Log(g.d3) + 20 * Log(g.ghz) - 0.6 * (g.ue - 1.5));
}

double
GetUmiLos(const Geometry& g)
{
    const double breakPoint = GetBreakPoint(g);
    return g.d2 <= breakPoint ? 32.4 + 21 * Log(g.d3) + 20 * Log(g.ghz)
                              : 32.4 + 40 * Log(g.d3) + 20 * Log(g.ghz) -
                                    9.5 * Log(std::pow(breakPoint, 2) + std::pow(g.bs - g.ue, 2));
}

double
GetUmiNlos(const Geometry& g)
{
    return std::max(GetUmiLos(g), 35.3 * Log(g.d3) + 22.4 + 21.3 * Log(g.ghz) - 0.3 * (g.ue - 1.5));
}

double
GetRmaLos(const Geometry& g)
{
    constexpr double H = 5; // height of buildings, m, ns-3's default and the table's
    const double breakPoint = 2 * M_PI * g.bs * g.ue * g.ghz * 1e9 / C;
    const auto near = [&](double d) {
        return 20 * Log(40 * M_PI * d * g.ghz / 3) +
               std::min(0.03 * std::pow(H, 1.72), 10.0) * Log(d) -
               std::min(0.044 * std::pow(H, 1.72), 14.77) + 0.002 * Log(H) * d;
    };
    return g.d2 <= breakPoint ? near(g.d3) : near(breakPoint) + 40 * Log(g.d3 / breakPoint);
}

double
GetRmaNlos(const Geometry& g)
{
    constexpr double H = 5;  // height of buildings, m
    constexpr double W = 20; // width of streets, m
    return std::max(GetRmaLos(g),
                    161.04 - 7.1 * Log(W) + 7.5 * Log(H) -
                        (24.37 - 3.7 * std::pow(H / g.bs, 2)) * Log(g.bs) +
                        (43.42 - 3.1 * Log(g.bs)) * (Log(g.d3) - 3) + 20 * Log(g.ghz) -
                        (3.2 * std::pow(Log(11.75 * g.ue), 2) - 4.97));
}

double
GetInhLos(const Geometry& g)
{
    return 32.4 + 17.3 * Log(g.d3) + 20 * Log(g.ghz);
}

double
GetInhNlos(const Geometry& g)
{
    return std::max(GetInhLos(g), 38.3 * Log(g.d3) + 17.3 + 24.9 * Log(g.ghz));
}
///@}

/// \name 3GPP TR 37.885 table 6.2.1-1
///@{
double
GetV2vLos(const Geometry& g)
{
    return 38.77 + 16.7 * Log(g.d3) + 18.2 * Log(g.ghz);
}

double
GetV2vNlos(const Geometry& g)
{
    return 36.85 + 30 * Log(g.d3) + 18.9 * Log(g.ghz);
}
///@}

/// \name Final report of COST action 231, chapter 4
///@{

/// Equation 4.4.3 for a medium city, with ns-3's constant of 10 dB on top.
double
GetCost231(const Geometry& g)
{
    const double mhz = g.ghz * 1e3;
    const double mobile = 0.8 + (1.11 * Log(mhz) - 0.7) * g.ue - 1.56 * Log(mhz);
    return 46.3 + 33.9 * Log(mhz) - 13.82 * Log(g.bs) - mobile +
           (44.9 - 6.55 * Log(g.bs)) * Log(g.d3 / 1000) + 10;
}

/// Equations 4.4.1 and, above 1.5 GHz, 4.4.3, both for a large city.
double
GetOkumuraHata(const Geometry& g)
{
    const double mhz = g.ghz * 1e3;
    const double mobile = 3.2 * std::pow(Log(11.75 * g.ue), 2);
    const double slope = (44.9 - 6.55 * Log(g.bs)) * Log(g.d3 / 1000) - 13.82 * Log(g.bs);
    return mhz <= 1500 ? 69.55 + 26.16 * Log(mhz) + slope - (mobile - 4.97)
                       : 46.3 + 33.9 * Log(mhz) + slope - mobile + 3;
}
///@}

/// Gains of links as the channel traces them, in the order of the UEs.
class GainLog
{
  public:
    /// Note the gains of a cell from now on.
    explicit GainLog(OfdmaCell& cell)
    {
        cell.GetChannel()->TraceConnectWithoutContext("Link", MakeCallback(&GainLog::Note, this));
    }

    std::vector<double> gains; //!< in dB

  private:
    void Note(uint32_t /* ue */, double gain)
    {
        gains.push_back(10 * Log(gain));
    }
};

/// Path loss of UEs at three distances against a formula.
class PathLossTestCase : public TestCase
{
  public:
    /**
     * \param name of the model
     * \param spec the model
     * \param loss the same by hand
     * \param bsHeight of the BS, m
     * \param distances in the plane, m
     * \param ghz carrier frequency, GHz
     */
    PathLossTestCase(const std::string& name,
                     OfdmaModelSpec spec,
                     PathLoss loss,
                     double bsHeight,
                     std::vector<double> distances,
                     double ghz = 2)
        : TestCase("path loss: " + name + " at " + std::to_string(ghz) + " GHz"),
          m_spec(std::move(spec)),
          m_loss(std::move(loss)),
          m_bsHeight(bsHeight),
          m_distances(std::move(distances)),
          m_ghz(ghz)
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ttis = 1;
        scenario.ues = m_distances.size();
        scenario.carrierFrequency = m_ghz * 1e9;
        scenario.bsHeight = m_bsHeight;
        scenario.channel = {m_spec};
        for (double distance : m_distances)
        {
            scenario.positions.emplace_back(0, -distance, scenario.ueHeight);
        }
        TestEpisode episode(scenario);
        GainLog log(episode.Cell());
        episode.Run();
        NS_TEST_ASSERT_MSG_EQ(log.gains.size(), m_distances.size(), "each link once");
        for (std::size_t i = 0; i < m_distances.size(); ++i)
        {
            const double d = m_distances[i];
            const Geometry geometry{d,
                                    std::hypot(d, m_bsHeight - scenario.ueHeight),
                                    m_bsHeight,
                                    scenario.ueHeight,
                                    m_ghz};
            NS_TEST_EXPECT_MSG_EQ_TOL(-log.gains[i], m_loss(geometry), 0.001, "at " << d << " m");
        }
    }

    OfdmaModelSpec m_spec;           //!< the model
    PathLoss m_loss;                 //!< by hand
    double m_bsHeight;               //!< m
    std::vector<double> m_distances; //!< m
    double m_ghz;                    //!< GHz
};

/// Antennas with a direction: their gains add to that of the path.
class AntennaTestCase : public TestCase
{
  public:
    AntennaTestCase()
        : TestCase("antennas with a direction")
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ttis = 1;
        scenario.ues = 4;
        scenario.bsHeight = scenario.ueHeight;
        scenario.channel = {{"ns3::LogDistancePropagationLossModel",
                             {{"Exponent", "0"}, {"ReferenceLoss", "100"}}}};
        // A 3 dB beam of 90 degrees to the north with 14 dB; UEs look north, too, with -1 dB all
        // around.
        scenario.bsAntenna = {"ns3::CosineAntennaModel",
                              {{"Orientation", "90"},
                               {"HorizontalBeamwidth", "90"},
                               {"VerticalBeamwidth", "360"},
                               {"MaxGain", "14"}}};
        scenario.ueAntenna = {"ns3::IsotropicAntennaModel", {{"Gain", "-1"}}};
        const double h = scenario.ueHeight;
        const double side = 100 * std::sqrt(0.5);
        scenario.positions = {Vector(0, 100, h),
                              Vector(side, side, h),
                              Vector(-side, side, h),
                              Vector(100, 0, h)};
        TestEpisode episode(scenario);
        GainLog log(episode.Cell());
        episode.Run();
        NS_TEST_EXPECT_MSG_EQ_TOL(log.gains[0], -100 - 1 + 14, 1e-6, "in the beam");
        NS_TEST_EXPECT_MSG_EQ_TOL(log.gains[1], -100 - 1 + 14 - 3, 1e-6, "at its edge");
        NS_TEST_EXPECT_MSG_EQ_TOL(log.gains[2], -100 - 1 + 14 - 3, 1e-6, "at its other edge");
        NS_TEST_EXPECT_MSG_LT(log.gains[3], -100 - 1 + 14 - 12, "beside it");
    }
};

/// Fast fading of 3GPP TR 38.901 clause 7.5 between antenna arrays.
class FadingTestCase : public TestCase
{
  public:
    FadingTestCase()
        : TestCase("fast fading is frequency-selective and time-varying")
    {
    }

  private:
    static constexpr uint32_t TTIS = 400;  //!< of 1 ms
    static constexpr uint32_t PERIOD = 10; //!< of a realisation, ms
    static constexpr uint32_t RBS = 100;   //!< 18 MHz

    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ttis = TTIS;
        scenario.ues = 12;
        scenario.rbgs = RBS / scenario.rbsPerRbg;
        scenario.channel = {{"ns3::ThreeGppUmaPropagationLossModel",
                             {{"ChannelConditionModel", "ns3::NeverLosChannelConditionModel"},
                              {"ShadowingEnabled", "false"}}},
                            {"ns3::ThreeGppSpectrumPropagationLossModel",
                             {{"ChannelModel", "ns3::ThreeGppChannelModel[UpdatePeriod=9.5ms]"}}}};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        std::vector<std::vector<double>> psds(scenario.ues * RBS); // by UE and RB, over time
        episode.observe = [&](uint32_t tti) {
            for (uint32_t i = 0; tti < TTIS && i < psds.size(); ++i)
            {
                psds[i].push_back(cell.GetChannel()->GetRxPsd(i / RBS, i % RBS));
            }
        };
        episode.Run();
        CheckBlocks(psds);
        CheckTime(psds);
        CheckFrequency(psds);
    }

    /// UEs stand still: nothing changes until a realisation is ten TTIs old, and then all does.
    void CheckBlocks(const std::vector<std::vector<double>>& psds)
    {
        for (uint32_t tti = 1; tti < TTIS; ++tti)
        {
            const bool same = psds[0][tti] == psds[0][tti - 1];
            NS_TEST_EXPECT_MSG_EQ(same, (tti % PERIOD != 0), "TTI " << tti);
        }
    }

    /// Correlation in time falls to nothing from one realisation to the next: coherence 10 ms.
    void CheckTime(const std::vector<std::vector<double>>& psds)
    {
        std::vector<double> now;
        std::vector<double> soon;
        std::vector<double> later;
        for (const auto& psd : psds)
        {
            const double mean = std::accumulate(psd.begin(), psd.end(), 0.0) / TTIS;
            for (uint32_t tti = 0; tti + PERIOD < TTIS; tti += PERIOD)
            {
                now.push_back(psd[tti] / mean);
                soon.push_back(psd[tti + PERIOD - 1] / mean);
                later.push_back(psd[tti + PERIOD] / mean);
            }
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(Correlate(now, soon), 1, 1e-9, "within a realisation");
        NS_TEST_EXPECT_MSG_LT(std::abs(Correlate(now, later)), 0.15, "between realisations");
    }

    /// Neighbouring RBs fade together, RBs 9 MHz apart do not: a delay spread of some 0.4 us.
    void CheckFrequency(const std::vector<std::vector<double>>& psds)
    {
        const double near = CorrelateRbs(psds, 1);
        const double far = CorrelateRbs(psds, RBS / 2);
        NS_TEST_EXPECT_MSG_GT(near, 0.6, "180 kHz apart");
        NS_TEST_EXPECT_MSG_LT(far, 0.4, "9 MHz apart");
        NS_TEST_EXPECT_MSG_GT(near - far, 0.4, "coherence is lost over the band");
    }

    /// \return correlation of the gains of RBs so far apart
    static double CorrelateRbs(const std::vector<std::vector<double>>& psds, uint32_t apart)
    {
        std::vector<double> here;
        std::vector<double> there;
        for (uint32_t i = 0; i + apart < psds.size(); ++i)
        {
            for (uint32_t tti = 0; i % RBS + apart < RBS && tti < TTIS; tti += PERIOD)
            {
                const uint32_t ue = i / RBS;
                const double mean = GetMean(psds, ue, tti);
                here.push_back(psds[i][tti] / mean);
                there.push_back(psds[i + apart][tti] / mean);
            }
        }
        return Correlate(here, there);
    }

    /// \return mean over all TTIs of the first RB, the scale of a UE
    static double GetMean(const std::vector<std::vector<double>>& psds,
                          uint32_t ue,
                          uint32_t /* tti */)
    {
        const auto& psd = psds[ue * RBS];
        return std::accumulate(psd.begin(), psd.end(), 0.0) / psd.size();
    }

    /// \return Pearson's correlation
    static double Correlate(const std::vector<double>& x, const std::vector<double>& y)
    {
        const double meanX = std::accumulate(x.begin(), x.end(), 0.0) / x.size();
        const double meanY = std::accumulate(y.begin(), y.end(), 0.0) / y.size();
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
        {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += std::pow(x[i] - meanX, 2);
            yy += std::pow(y[i] - meanY, 2);
        }
        return xy / std::sqrt(xx * yy);
    }
};

/// Beams point at each other: an array has the gain of its elements where there is one path only.
class BeamTestCase : public TestCase
{
  public:
    BeamTestCase()
        : TestCase("beams of arrays point at the other end")
    {
    }

  private:
    void DoRun() override
    {
        const double single = GetMeanGain("1");
        const double array = GetMeanGain("4");
        NS_TEST_EXPECT_MSG_EQ_TOL(array - single,
                                  10 * Log(16),
                                  2,
                                  "4 x 4 elements, mostly line of sight");
    }

    /// \return mean gain in dB with so many rows and columns at the BS
    double GetMeanGain(const std::string& elements)
    {
        OfdmaScenario scenario;
        scenario.ttis = 300;
        scenario.ues = 8;
        scenario.radius = 100;
        scenario.bsAntenna = {"ns3::UniformPlanarArray",
                              {{"NumRows", elements}, {"NumColumns", elements}}};
        scenario.channel = {{"ns3::ThreeGppRmaPropagationLossModel",
                             {{"ChannelConditionModel", "ns3::AlwaysLosChannelConditionModel"},
                              {"ShadowingEnabled", "false"}}},
                            {"ns3::ThreeGppSpectrumPropagationLossModel", {}}};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        episode.Run();
        double sum = 0;
        for (const auto& ue : cell.GetUes())
        {
            sum += cell.GetMeanSnrDb(*ue);
        }
        return sum / scenario.ues;
    }
};

/// UEs that walk: speed, bounds, where they begin, and what the path loss makes of it.
class MobilityTestCase : public TestCase
{
  public:
    MobilityTestCase()
        : TestCase("UEs walk from where they stand")
    {
    }

  private:
    void DoRun() override
    {
        constexpr double SPEED = 3 / 3.6; // m/s
        OfdmaScenario scenario;
        scenario.ttis = 4000;
        scenario.ues = 3;
        scenario.radius = 60;
        scenario.positions = {Vector(10, 20, 1.5), Vector(59.9, 0, 1.5)};
        scenario.channel = {{"ns3::LogDistancePropagationLossModel", {}}};
        scenario.mobility = {"ns3::RandomWalk2dMobilityModel",
                             {{"Speed", "ns3::ConstantRandomVariable[Constant=0.8333333]"},
                              {"Mode", "Time"},
                              {"Time", "1s"}}};
        TestEpisode episode(scenario);
        GainLog log(episode.Cell());
        std::vector<Vector> last;
        episode.observe = [&](uint32_t tti) {
            for (uint32_t i = 0; i < scenario.ues; ++i)
            {
                const auto mobility = episode.Cell().GetUes()[i]->phy->GetMobility();
                const Vector position = mobility->GetPosition();
                NS_TEST_EXPECT_MSG_LT_OR_EQ(std::max(std::abs(position.x), std::abs(position.y)),
                                            60 + 1e-9,
                                            "in bounds");
                if (tti == 0)
                {
                    last.push_back(position);
                    continue;
                }
                const double way = CalculateDistance(position, last[i]);
                NS_TEST_EXPECT_MSG_LT_OR_EQ(way, SPEED * 1e-3 * 1.0001, "in a TTI");
                last[i] = position;
            }
            if (tti == 0)
            {
                NS_TEST_EXPECT_MSG_EQ(last[0], scenario.positions[0], "begins where it stands");
                NS_TEST_EXPECT_MSG_EQ(last[1], scenario.positions[1], "begins where it stands");
            }
            if (tti == 1000)
            {
                const double way = CalculateDistance(last[0], scenario.positions[0]);
                NS_TEST_EXPECT_MSG_EQ_TOL(way, SPEED, 1e-3, "in the first second");
            }
        };
        episode.Run();
        NS_TEST_EXPECT_MSG_NE(log.gains.front(),
                              log.gains[log.gains.size() - 3],
                              "the loss follows");
    }
};

/// \return a 3GPP path loss without shadowing, always or never in line of sight
OfdmaModelSpec
MakeThreeGpp(const std::string& name, bool los)
{
    return {"ns3::ThreeGpp" + name + "PropagationLossModel",
            {{"ShadowingEnabled", "false"},
             {"ChannelConditionModel",
              los ? "ns3::AlwaysLosChannelConditionModel" : "ns3::NeverLosChannelConditionModel"}}};
}

} // namespace

/// The suite of channels.
class OfdmaChannelTestSuite : public TestSuite
{
  public:
    OfdmaChannelTestSuite()
        : TestSuite("ofdma-channel")
    {
        const std::vector<double> macro = {40, 300, 1200};
        const std::vector<double> indoor = {5, 40, 140};
        Add(
            "ideal",
            {"ns3::LogDistancePropagationLossModel", {{"Exponent", "0"}, {"ReferenceLoss", "0"}}},
            [](const Geometry&) { return 0; },
            25,
            macro);
        Add(
            "log-distance",
            {"ns3::LogDistancePropagationLossModel",
             {{"Exponent", "3.76"}, {"ReferenceLoss", "15.3"}}},
            [](const Geometry& g) { return 128.1 + 37.6 * Log(g.d3 / 1000); },
            25,
            macro);
        Add("uma, LOS", MakeThreeGpp("Uma", true), GetUmaLos, 25, macro);
        Add("uma, NLOS", MakeThreeGpp("Uma", false), GetUmaNlos, 25, macro);
        Add("umi, LOS", MakeThreeGpp("UmiStreetCanyon", true), GetUmiLos, 10, macro);
        Add("umi, NLOS", MakeThreeGpp("UmiStreetCanyon", false), GetUmiNlos, 10, macro);
        Add("rma, LOS", MakeThreeGpp("Rma", true), GetRmaLos, 35, {40, 1000, 4000});
        Add("rma, NLOS", MakeThreeGpp("Rma", false), GetRmaNlos, 35, {40, 1000, 4000});
        Add("inh, LOS", MakeThreeGpp("IndoorOffice", true), GetInhLos, 3, indoor);
        Add("inh, NLOS", MakeThreeGpp("IndoorOffice", false), GetInhNlos, 3, indoor);
        Add("v2v, LOS", MakeThreeGpp("V2vUrban", true), GetV2vLos, 1.6, {20, 100, 500});
        Add("v2v, NLOS", MakeThreeGpp("V2vUrban", false), GetV2vNlos, 1.6, {20, 100, 500});
        Add("cost231",
            {"ns3::Cost231PropagationLossModel",
             {{"BSAntennaHeight", "25"}, {"SSAntennaHeight", "1.5"}}},
            GetCost231,
            25,
            {100, 1000, 5000});
        Add("okumura-hata",
            {"ns3::OkumuraHataPropagationLossModel", {}},
            GetOkumuraHata,
            25,
            {100, 1000, 5000});
        AddTestCase(new PathLossTestCase("okumura-hata",
                                         {"ns3::OkumuraHataPropagationLossModel", {}},
                                         GetOkumuraHata,
                                         25,
                                         {100, 1000, 5000},
                                         0.9));
        AddTestCase(new AntennaTestCase);
        AddTestCase(new FadingTestCase);
        AddTestCase(new BeamTestCase);
        AddTestCase(new MobilityTestCase);
    }

  private:
    /// Add a test of path loss at 2 GHz.
    void Add(const std::string& name,
             const OfdmaModelSpec& spec,
             const PathLoss& loss,
             double bsHeight,
             const std::vector<double>& distances)
    {
        AddTestCase(new PathLossTestCase(name, spec, loss, bsHeight, distances));
    }
};

static OfdmaChannelTestSuite g_ofdmaChannelTestSuite; //!< the suite
