// SPDX-License-Identifier: GPL-2.0-only
// What arrives, against closed forms. Statistical checks allow four standard errors.
#include <ns3/double.h>
#include <ns3/ofdma-bernoulli-traffic.h>
#include <ns3/ofdma-on-off-traffic.h>
#include <ns3/ofdma-periodic-traffic.h>
#include <ns3/ofdma-poisson-traffic.h>
#include <ns3/ofdma-trace-traffic.h>
#include <ns3/pointer.h>
#include <ns3/test.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace ns3;

namespace
{

const OfdmaCoin COIN(42); //!< of the environment

/// \return what arrives to a UE in the TTIs from `join` on
std::vector<uint32_t>
Draw(const ObjectFactory& kind, uint32_t ue, uint32_t ttis, double weight = 1, uint32_t join = 0)
{
    auto traffic = kind.Create<OfdmaTraffic>();
    traffic->SetAttribute("Weight", DoubleValue(weight));
    traffic->Join(COIN, ue, join);
    std::vector<uint32_t> arrivals;
    for (uint32_t tti = join; tti < join + ttis; ++tti)
    {
        arrivals.push_back(traffic->Arrive(tti));
    }
    traffic->Dispose();
    return arrivals;
}

/// \return sum of all
uint32_t
Sum(const std::vector<uint32_t>& arrivals)
{
    return std::accumulate(arrivals.begin(), arrivals.end(), 0U);
}

/// \return TTI of each arrival, from 0 on
std::vector<uint32_t>
FindTimes(const std::vector<uint32_t>& arrivals)
{
    std::vector<uint32_t> times;
    for (uint32_t tti = 0; tti < arrivals.size(); ++tti)
    {
        times.insert(times.end(), arrivals[tti], tti);
    }
    return times;
}

} // namespace

/// Mean and variance of traffic without memory.
class TrafficMomentsTestCase : public TestCase
{
  public:
    /**
     * \param name of the case
     * \param kind of traffic
     * \param weight of the UE
     * \param mean arrivals per TTI
     * \param variance of the arrivals of a TTI
     * \param fourth central moment of them
     */
    TrafficMomentsTestCase(const std::string& name,
                           ObjectFactory kind,
                           double weight,
                           double mean,
                           double variance,
                           double fourth)
        : TestCase(name),
          m_kind(kind),
          m_weight(weight),
          m_mean(mean),
          m_variance(variance),
          m_fourth(fourth)
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint32_t TTIS = 200000;
        const auto arrivals = Draw(m_kind, 3, TTIS, m_weight);
        const double mean = double(Sum(arrivals)) / TTIS;
        double variance = 0;
        for (uint32_t n : arrivals)
        {
            variance += std::pow(n - m_mean, 2) / TTIS;
        }
        const double meanError = std::sqrt(m_variance / TTIS);
        const double varianceError = std::sqrt((m_fourth - m_variance * m_variance) / TTIS);
        NS_TEST_EXPECT_MSG_EQ_TOL(mean, m_mean, 4 * meanError, "mean");
        NS_TEST_EXPECT_MSG_EQ_TOL(variance, m_variance, 4 * varianceError, "variance");
        const bool others = arrivals == Draw(m_kind, 4, TTIS, m_weight);
        NS_TEST_EXPECT_MSG_EQ(others, false, "another UE has other arrivals");
    }

    ObjectFactory m_kind; //!< of traffic
    double m_weight;      //!< of the UE
    double m_mean;        //!< arrivals per TTI
    double m_variance;    //!< of the arrivals of a TTI
    double m_fourth;      //!< central moment
};

/// \return a case of Bernoulli traffic
TestCase*
CreateBernoulliTestCase(double load, double weight)
{
    const double p = load * weight;
    const double variance = p * (1 - p);
    return new TrafficMomentsTestCase(
        "bernoulli, probability " + std::to_string(p),
        MakeOfdmaTraffic<OfdmaBernoulliTraffic>("Probability", DoubleValue(load)),
        weight,
        p,
        variance,
        variance * (1 - 3 * variance));
}

/// \return a case of Poisson traffic
TestCase*
CreatePoissonTestCase(double load, double weight)
{
    const double mean = load * weight;
    return new TrafficMomentsTestCase(
        "poisson, mean " + std::to_string(mean),
        MakeOfdmaTraffic<OfdmaPoissonTraffic>("Mean", DoubleValue(load)),
        weight,
        mean,
        mean,
        mean + 3 * mean * mean);
}

/// Without jitter arrivals are one period apart, whatever the phase.
class PeriodicTestCase : public TestCase
{
  public:
    PeriodicTestCase()
        : TestCase("periodic, exactly")
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint32_t PERIOD = 7;
        constexpr uint32_t UES = 700;
        const auto kind = MakeOfdmaTraffic<OfdmaPeriodicTraffic>("Period", UintegerValue(PERIOD));
        std::vector<uint32_t> phases(PERIOD);
        for (uint32_t ue = 0; ue < UES; ++ue)
        {
            const auto times = FindTimes(Draw(kind, ue, 3 * PERIOD));
            NS_TEST_ASSERT_MSG_EQ(times.size(), 3, "one arrival in each period");
            NS_TEST_ASSERT_MSG_EQ(times[1], times[0] + PERIOD, "second arrival");
            NS_TEST_ASSERT_MSG_EQ(times[2], times[1] + PERIOD, "third arrival");
            ++phases[times[0]];
        }
        for (uint32_t phase = 0; phase < PERIOD; ++phase)
        {
            // Binomial: UES trials of probability 1 / PERIOD.
            const double error = std::sqrt(UES * (1.0 / PERIOD) * (1 - 1.0 / PERIOD));
            NS_TEST_EXPECT_MSG_EQ_TOL(phases[phase], 100, 4 * error, "UEs of phase " << phase);
        }
        NS_TEST_EXPECT_MSG_EQ(Sum(Draw(kind, 0, 140, 2)), 40, "weight 2");
        NS_TEST_EXPECT_MSG_EQ(Sum(Draw(kind, 0, 140, 0.5)), 10, "weight 1/2");
        NS_TEST_EXPECT_MSG_EQ(Sum(Draw(kind, 0, 140, 0)), 0, "weight 0");
        for (uint32_t arrivals : Draw(kind, 0, 140, 21))
        {
            NS_TEST_EXPECT_MSG_EQ(arrivals, 3, "weight 21, three in each TTI");
        }
        const bool shifted = Draw(kind, 5, 50, 1, 33) == Draw(kind, 5, 50);
        NS_TEST_EXPECT_MSG_EQ(shifted, true, "the phase counts from the join");
    }
};

/// Each arrival is late by a uniform number of TTIs.
class JitterTestCase : public TestCase
{
  public:
    JitterTestCase()
        : TestCase("periodic with jitter")
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint32_t PERIOD = 10;
        constexpr uint32_t JITTER = 5;
        constexpr uint32_t ARRIVALS = 10000;
        const auto period = UintegerValue(PERIOD);
        const auto exact = FindTimes(
            Draw(MakeOfdmaTraffic<OfdmaPeriodicTraffic>("Period", period), 1, ARRIVALS * PERIOD));
        // The jitter is less than the period, so that no arrival overtakes another.
        const auto late =
            FindTimes(Draw(MakeOfdmaTraffic<OfdmaPeriodicTraffic>("Period",
                                                                  period,
                                                                  "Jitter",
                                                                  UintegerValue(JITTER)),
                           1,
                           ARRIVALS * PERIOD + JITTER));
        NS_TEST_ASSERT_MSG_EQ(exact.size(), ARRIVALS, "arrivals");
        NS_TEST_ASSERT_MSG_GT_OR_EQ(late.size(), ARRIVALS, "late ones do come");
        std::vector<uint32_t> counts(JITTER + 1);
        for (uint32_t k = 0; k < ARRIVALS; ++k)
        {
            NS_TEST_ASSERT_MSG_GT_OR_EQ(late[k], exact[k], "never early");
            NS_TEST_ASSERT_MSG_LT_OR_EQ(late[k], exact[k] + JITTER, "never later than the jitter");
            ++counts[late[k] - exact[k]];
        }
        const double share = 1.0 / (JITTER + 1);
        const double error = std::sqrt(ARRIVALS * share * (1 - share));
        for (uint32_t lateness = 0; lateness <= JITTER; ++lateness)
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(counts[lateness],
                                      ARRIVALS * share,
                                      4 * error,
                                      "late by " << lateness);
        }
        // A jitter of many periods only delays: what is due by TTI t has come by t + jitter.
        constexpr uint32_t LONG = 95;
        const auto wild = Draw(
            MakeOfdmaTraffic<OfdmaPeriodicTraffic>("Period", period, "Jitter", UintegerValue(LONG)),
            1,
            ARRIVALS * PERIOD);
        const uint32_t come = Sum(wild);
        NS_TEST_EXPECT_MSG_LT_OR_EQ(come, ARRIVALS, "no more than are due");
        NS_TEST_EXPECT_MSG_GT_OR_EQ(come, ARRIVALS - LONG / PERIOD - 1, "all but the last ones");
    }
};

/// Stationary from the beginning, with geometric bursts and silences.
class OnOffTestCase : public TestCase
{
  public:
    OnOffTestCase()
        : TestCase("on-off")
    {
    }

  private:
    void DoRun() override
    {
        const auto on = DoubleValue(MEAN_ON);
        const auto off = DoubleValue(MEAN_OFF);
        const auto always = MakeOfdmaTraffic<OfdmaOnOffTraffic>("MeanOn",
                                                                on,
                                                                "MeanOff",
                                                                off,
                                                                "Probability",
                                                                DoubleValue(1));
        CheckShare(always, 1);
        CheckShare(MakeOfdmaTraffic<OfdmaOnOffTraffic>("MeanOn",
                                                       on,
                                                       "MeanOff",
                                                       off,
                                                       "Probability",
                                                       DoubleValue(0.6)),
                   0.6);
        CheckSojourns(Draw(always, 0, 400000));
    }

    /// At any TTI since the join, a UE has an arrival with probability share of on times p.
    void CheckShare(const ObjectFactory& kind, double p)
    {
        constexpr uint32_t UES = 10000;
        constexpr uint32_t LAST = 20;
        uint32_t first = 0;
        uint32_t last = 0;
        for (uint32_t ue = 0; ue < UES; ++ue)
        {
            const auto arrivals = Draw(kind, ue, LAST + 1, 1, 100);
            first += arrivals.front();
            last += arrivals.back();
        }
        const double share = p * MEAN_ON / (MEAN_ON + MEAN_OFF);
        const double error = std::sqrt(share * (1 - share) / UES);
        NS_TEST_EXPECT_MSG_EQ_TOL(double(first) / UES, share, 4 * error, "where a UE joins");
        NS_TEST_EXPECT_MSG_EQ_TOL(double(last) / UES, share, 4 * error, "later on");
    }

    /// Lengths of bursts and silences have mean m, standard deviation sqrt(m (m - 1)), and are 1
    /// with probability 1 / m. The first and the last one are cut off.
    void CheckSojourns(const std::vector<uint32_t>& arrivals)
    {
        std::vector<uint32_t> lengths[2];
        uint32_t length = 0;
        bool cut = true;
        for (std::size_t tti = 1; tti < arrivals.size(); ++tti)
        {
            ++length;
            if (arrivals[tti] != arrivals[tti - 1])
            {
                if (!cut)
                {
                    lengths[arrivals[tti - 1]].push_back(length);
                }
                cut = false;
                length = 0;
            }
        }
        for (bool on : {false, true})
        {
            const double mean = on ? MEAN_ON : MEAN_OFF;
            const auto count = lengths[on].size();
            const double error = std::sqrt(mean * (mean - 1) / count);
            NS_TEST_EXPECT_MSG_GT(count, 5000, "sojourns");
            NS_TEST_EXPECT_MSG_EQ_TOL(double(Sum(lengths[on])) / count,
                                      mean,
                                      4 * error,
                                      (on ? "burst" : "silence"));
            const double ones = std::count(lengths[on].begin(), lengths[on].end(), 1);
            const double onesError = std::sqrt(1 / mean * (1 - 1 / mean) / count);
            NS_TEST_EXPECT_MSG_EQ_TOL(ones / count, 1 / mean, 4 * onesError, "of one TTI");
        }
    }

    static constexpr double MEAN_ON = 8;   //!< TTIs
    static constexpr double MEAN_OFF = 24; //!< TTIs
};

/// Arrivals are those of the table.
class TraceTestCase : public TestCase
{
  public:
    TraceTestCase()
        : TestCase("trace")
    {
    }

  private:
    void DoRun() override
    {
        auto table = CreateObject<OfdmaArrivalTable>();
        table->Add(2, {1, 3});
        table->Add(0, {4, 1});
        table->Add(2, {4, 2});
        table->Add(2, {4, 5});
        table->Add(2, {9, 1});
        const auto kind = MakeOfdmaTraffic<OfdmaTraceTraffic>("Table", PointerValue(table));
        const std::vector<uint32_t> of0 = {0, 0, 0, 0, 1, 0};
        const std::vector<uint32_t> of1 = {0, 0, 0, 0, 0, 0};
        const std::vector<uint32_t> of2 = {0, 3, 0, 0, 7, 0};
        const std::vector<uint32_t> late2 = {0, 7, 0, 0};
        NS_TEST_EXPECT_MSG_EQ((Draw(kind, 0, 6) == of0), true, "UE 0");
        NS_TEST_EXPECT_MSG_EQ((Draw(kind, 1, 6) == of1), true, "a UE without arrivals");
        NS_TEST_EXPECT_MSG_EQ((Draw(kind, 2, 6, 0.5) == of2), true, "UE 2, whatever its weight");
        NS_TEST_EXPECT_MSG_EQ((Draw(kind, 2, 4, 1, 3) == late2), true, "UE 2 joins before TTI 3");
    }
};

/// The suite of traffic.
class OfdmaTrafficTestSuite : public TestSuite
{
  public:
    OfdmaTrafficTestSuite()
        : TestSuite("ofdma-traffic")
    {
        AddTestCase(CreateBernoulliTestCase(0.3, 1));
        AddTestCase(CreateBernoulliTestCase(0.3, 2.5));
        AddTestCase(CreatePoissonTestCase(0.4, 1));
        AddTestCase(CreatePoissonTestCase(0.4, 10));
        AddTestCase(new PeriodicTestCase);
        AddTestCase(new JitterTestCase);
        AddTestCase(new OnOffTestCase);
        AddTestCase(new TraceTestCase);
    }
};

static OfdmaTrafficTestSuite g_ofdmaTrafficTestSuite; //!< the suite
