// SPDX-License-Identifier: GPL-2.0-only
// What must hold in every run, over all kinds of traffic, with random churn, delays and losses.
#include "test-episode.h"
#include "watched-agents.h"

#include <ns3/double.h>
#include <ns3/ofdma-on-off-traffic.h>
#include <ns3/ofdma-periodic-traffic.h>
#include <ns3/ofdma-poisson-traffic.h>
#include <ns3/ofdma-trace-traffic.h>
#include <ns3/pointer.h>
#include <ns3/test.h>
#include <ns3/uinteger.h>

#include <array>
#include <map>

using namespace ns3;

namespace
{

/// \return traffic of every kind, by name
std::map<std::string, ObjectFactory>
CreateTraffic()
{
    auto table = CreateObject<OfdmaArrivalTable>();
    for (uint32_t tti = 0; tti < 300; ++tti)
    {
        table->Add(tti % 40, {tti, tti % 5});
    }
    return {{"bernoulli", MakeOfdmaTraffic<OfdmaBernoulliTraffic>("Probability", DoubleValue(0.3))},
            {"poisson", MakeOfdmaTraffic<OfdmaPoissonTraffic>("Mean", DoubleValue(0.4))},
            {"periodic",
             MakeOfdmaTraffic<OfdmaPeriodicTraffic>("Period",
                                                    UintegerValue(3),
                                                    "Jitter",
                                                    UintegerValue(7))},
            {"on-off",
             MakeOfdmaTraffic<OfdmaOnOffTraffic>("MeanOn",
                                                 DoubleValue(5),
                                                 "MeanOff",
                                                 DoubleValue(9),
                                                 "Probability",
                                                 DoubleValue(0.8))},
            {"trace", MakeOfdmaTraffic<OfdmaTraceTraffic>("Table", PointerValue(table))}};
}

/// A cell with random churn and everything that delays and loses.
OfdmaScenario
CreateScenario(const ObjectFactory& traffic)
{
    OfdmaScenario scenario;
    scenario.ttis = 300;
    scenario.ues = 6;
    scenario.rbgs = 3;
    scenario.bufferCapacity = 5;
    scenario.traffic = traffic;
    scenario.trafficWeights = {1, 0.5, 1.2};
    scenario.poissonChurn = OfdmaPoissonChurn{0.1, 60, 2, 10, 100};
    scenario.decisionDelay = {0.5, 0.3, 0.2};
    scenario.channel = {{"ns3::LogDistancePropagationLossModel", {{"Exponent", "3.7"}}},
                        {"ns3::NakagamiPropagationLossModel", {}}};
    scenario.controlSnrLoss = {10, 2, 30, 9};
    scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
    return scenario;
}

} // namespace

/// Accounts in each TTI, and the bound.
class FeaturesConservationTestCase : public TestCase
{
  public:
    /**
     * \param name of the traffic
     * \param traffic of the UEs
     * \param ackDeletes whether acks delete
     */
    FeaturesConservationTestCase(const std::string& name, ObjectFactory traffic, bool ackDeletes)
        : TestCase("conservation, " + name + (ackDeletes ? ", acks delete" : "")),
          m_traffic(traffic),
          m_ackDeletes(ackDeletes)
    {
    }

  private:
    void DoRun() override
    {
        uint32_t ues = 0;
        int64_t delivered = 0;
        for (uint64_t seed = 1; seed <= 10; ++seed)
        {
            auto scenario = CreateScenario(m_traffic);
            scenario.ackDeletes = m_ackDeletes;
            TestEpisode episode(scenario, {seed}, false, true);
            auto& cell = episode.Cell();
            m_totals.fill(0);
            WatchedAgents agents(episode.cells, [&](uint32_t tti) { Check(cell, tti); });
            episode.Run(agents);
            NS_TEST_EXPECT_MSG_GT_OR_EQ(cell.GetBound(), Total(OfdmaCounter::DELIVERED), "bound");
            ues += cell.GetUeTotal();
            delivered += Total(OfdmaCounter::DELIVERED);
        }
        NS_TEST_EXPECT_MSG_GT(delivered, 10 * 10, "something is delivered");
        NS_TEST_EXPECT_MSG_GT(ues, 10 * 20, "UEs come and go");
    }

    /// arrived = delivered + lost + dropped + discarded + backlog, with the backlog counted anew.
    void Check(const OfdmaCell& cell, uint32_t tti)
    {
        for (std::size_t i = 0; i < m_totals.size() && tti > 0; ++i)
        {
            m_totals[i] += cell.GetLastCounters()[i];
        }
        const auto backlog =
            cell.GetLastCounters()[static_cast<std::size_t>(OfdmaCounter::BACKLOG)];
        NS_TEST_ASSERT_MSG_EQ(Total(OfdmaCounter::ARRIVED),
                              Total(OfdmaCounter::DELIVERED) + Total(OfdmaCounter::LOST) +
                                  Total(OfdmaCounter::DROPPED) + Total(OfdmaCounter::DISCARDED) +
                                  backlog,
                              "before TTI " << tti);
        int32_t undelivered = 0;
        for (const auto& ue : cell.GetUes())
        {
            undelivered += ue->buffer.GetUndelivered();
        }
        NS_TEST_ASSERT_MSG_EQ(cell.GetStatistics().Get(OfdmaCounter::BACKLOG),
                              undelivered,
                              "before TTI " << tti);
    }

    /// \return a counter, summed over all TTIs so far
    int64_t Total(OfdmaCounter counter) const
    {
        return m_totals[static_cast<std::size_t>(counter)];
    }

    ObjectFactory m_traffic;                                          //!< of the UEs
    bool m_ackDeletes;                                                //!< whether acks delete
    std::array<int64_t, std::size_t(OfdmaCounter::COUNT)> m_totals{}; //!< sums
};

/// Arrivals, joins and leaves are the same whatever the agents do and however many UEs there are.
class FeaturesIndependenceTestCase : public TestCase
{
  public:
    /**
     * \param name of the traffic
     * \param traffic of the UEs
     */
    FeaturesIndependenceTestCase(const std::string& name, ObjectFactory traffic)
        : TestCase("draws depend on seed and UE alone, " + name),
          m_traffic(traffic)
    {
    }

  private:
    /// By UE, dPDUs that had arrived before each TTI in which it was connected.
    using Arrivals = std::map<uint32_t, std::map<uint32_t, uint32_t>>;

    void DoRun() override
    {
        auto scenario = CreateScenario(m_traffic);
        const Arrivals some = Record(scenario, 0);
        const Arrivals others = Record(scenario, 99);
        NS_TEST_EXPECT_MSG_GT(some.size(), 10, "UEs come and go");
        NS_TEST_EXPECT_MSG_EQ((some == others), true, "other actions");

        scenario.poissonChurn.reset();
        Arrivals six = Record(scenario, 0);
        ++scenario.ues;
        Arrivals seven = Record(scenario, 0);
        NS_TEST_EXPECT_MSG_EQ(seven.erase(6), 1, "the seventh");
        NS_TEST_EXPECT_MSG_EQ((six == seven), true, "one more UE");
    }

    /// Simulate a cell with random agents.
    static Arrivals Record(const OfdmaScenario& scenario, uint64_t salt)
    {
        TestEpisode episode(scenario, {5});
        auto& cell = episode.Cell();
        Arrivals arrivals;
        WatchedAgents agents(
            episode.cells,
            [&](uint32_t tti) {
                for (const auto& ue : cell.GetUes())
                {
                    arrivals[ue->id][tti] = cell.GetStatistics().GetArrived()[ue->id];
                }
            },
            salt);
        episode.Run(agents);
        return arrivals;
    }

    ObjectFactory m_traffic; //!< of the UEs
};

/// The suite of all together.
class OfdmaFeaturesTestSuite : public TestSuite
{
  public:
    OfdmaFeaturesTestSuite()
        : TestSuite("ofdma-features")
    {
        for (const auto& [name, traffic] : CreateTraffic())
        {
            AddTestCase(new FeaturesConservationTestCase(name, traffic, false));
            AddTestCase(new FeaturesConservationTestCase(name, traffic, true));
            AddTestCase(new FeaturesIndependenceTestCase(name, traffic));
        }
    }
};

static OfdmaFeaturesTestSuite g_ofdmaFeaturesTestSuite; //!< the suite
