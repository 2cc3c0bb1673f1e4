// SPDX-License-Identifier: GPL-2.0-only
// What must hold in every run, whatever the agents do.
#include "test-episode.h"
#include "watched-agents.h"

#include <ns3/double.h>
#include <ns3/test.h>

#include <map>
#include <tuple>

using namespace ns3;

namespace
{

constexpr double LOAD = 0.4; //!< of the busy scenario, arrivals per UE and TTI

/// A cell with everything that can go wrong: losses, drops, joins, leaves, delays, fading.
OfdmaScenario
CreateBusyScenario()
{
    OfdmaScenario scenario;
    scenario.ttis = 400;
    scenario.ues = 5;
    scenario.rbgs = 3;
    scenario.bufferCapacity = 4;
    scenario.traffic.Set("Probability", DoubleValue(LOAD));
    scenario.controlLossProbability = 0.1;
    scenario.controlDelay = 1;
    scenario.maxDcmsPerTti = 3;
    scenario.ucmPeriod = 2;
    scenario.churn = {{20, 3, {1}}, {50, 0, {0, 5}}, {51, 2, {}}, {300, 1, {2, 3, 4, 6, 7, 8}}};
    scenario.channel = {{"ns3::LogDistancePropagationLossModel", {{"Exponent", "3.7"}}},
                        {"ns3::NakagamiPropagationLossModel", {}}};
    scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
    return scenario;
}

/// Runs one cell with random agents, and checks its accounts in each TTI.
class OfdmaConservationTestCase : public TestCase
{
  public:
    /// \param ackDeletes whether acks delete
    explicit OfdmaConservationTestCase(bool ackDeletes)
        : TestCase(std::string("conservation, delays and bound, ") +
                   (ackDeletes ? "acks delete" : "acks do not delete")),
          m_ackDeletes(ackDeletes)
    {
    }

  private:
    void DoRun() override
    {
        for (uint64_t seed = 1; seed <= 10; ++seed)
        {
            RunSeed(seed);
        }
    }

    /// Check one run.
    void RunSeed(uint64_t seed)
    {
        auto scenario = CreateBusyScenario();
        scenario.ackDeletes = m_ackDeletes;
        TestEpisode episode(scenario, {seed}, false, true);
        m_cell = &episode.Cell();
        m_totals.clear();
        m_delays.assign(scenario.ttis + 1, 0);
        m_deliveries.clear();
        m_cell->TraceConnectWithoutContext(
            "Delivery",
            MakeCallback(&OfdmaConservationTestCase::NoteDelivery, this));
        const OfdmaCoin coin(seed);
        WatchedAgents agents(episode.cells, [&](uint32_t tti) {
            CheckConservation(tti);
            m_tti = tti;
            for (const auto& ue : m_cell->GetUes())
            {
                // Arrivals follow from the coins alone.
                if (tti < scenario.ttis && coin.Toss(OfdmaCoin::ARRIVAL, ue->id, 0, tti) < LOAD)
                {
                    ++m_delays[scenario.ttis - tti];
                }
            }
        });
        episode.Run(agents);
        for (const auto& [tti, delay] : m_deliveries)
        {
            --m_delays[scenario.ttis - (tti - delay + 1)];
            ++m_delays[delay];
        }
        const bool same = m_delays == m_cell->GetStatistics().GetDelayHistogram();
        NS_TEST_EXPECT_MSG_EQ(same, true, "delays, seed " << seed);
        const auto delivered = Total(OfdmaCounter::DELIVERED);
        NS_TEST_EXPECT_MSG_EQ(m_deliveries.size(), delivered, "deliveries, seed " << seed);
        NS_TEST_EXPECT_MSG_GT(delivered, 0, "nothing was delivered, seed " << seed);
        NS_TEST_EXPECT_MSG_GT_OR_EQ(m_cell->GetBound(), delivered, "bound, seed " << seed);
    }

    /// arrived = delivered + lost + dropped + discarded + backlog, with the backlog counted anew.
    void CheckConservation(uint32_t tti)
    {
        if (tti > 0)
        {
            for (std::size_t i = 0; i < m_cell->GetLastCounters().size(); ++i)
            {
                m_totals[static_cast<OfdmaCounter>(i)] += m_cell->GetLastCounters()[i];
            }
            const auto backlog =
                m_cell->GetLastCounters()[static_cast<std::size_t>(OfdmaCounter::BACKLOG)];
            NS_TEST_ASSERT_MSG_EQ(Total(OfdmaCounter::ARRIVED),
                                  Total(OfdmaCounter::DELIVERED) + Total(OfdmaCounter::LOST) +
                                      Total(OfdmaCounter::DROPPED) +
                                      Total(OfdmaCounter::DISCARDED) + backlog,
                                  "end of TTI " << tti - 1);
        }
        int32_t undelivered = 0;
        for (const auto& ue : m_cell->GetUes())
        {
            undelivered += ue->buffer.GetUndelivered();
        }
        NS_TEST_ASSERT_MSG_EQ(m_cell->GetStatistics().Get(OfdmaCounter::BACKLOG),
                              undelivered,
                              "beginning of TTI " << tti);
    }

    /// A dPDU was delivered.
    void NoteDelivery(uint32_t /* ue */, uint32_t delay)
    {
        m_deliveries.emplace_back(m_tti, delay);
    }

    /// \return a counter, summed over all TTIs so far
    uint64_t Total(OfdmaCounter counter)
    {
        return m_totals[counter];
    }

    bool m_ackDeletes;                                       //!< whether acks delete
    OfdmaCell* m_cell{nullptr};                              //!< under test
    uint32_t m_tti{0};                                       //!< under way
    std::map<OfdmaCounter, uint64_t> m_totals;               //!< sums
    std::vector<uint32_t> m_delays;                          //!< histogram
    std::vector<std::pair<uint32_t, uint32_t>> m_deliveries; //!< TTI and delay
};

/// One UE that does its best reaches the bound exactly.
class OfdmaBoundTestCase : public TestCase
{
  public:
    /// \param ackDeletes whether acks delete
    explicit OfdmaBoundTestCase(bool ackDeletes)
        : TestCase(std::string("the bound is reached by one UE, ") +
                   (ackDeletes ? "acks delete" : "acks do not delete")),
          m_ackDeletes(ackDeletes)
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ues = 1;
        scenario.rbgs = 1;
        scenario.ttis = 1000;
        scenario.bufferCapacity = 1000;
        scenario.tbler = 0.3;
        scenario.ackDeletes = m_ackDeletes;
        TestEpisode episode(scenario, {3}, false, true);
        auto& cell = episode.Cell();
        episode.lead = [](uint32_t) { return std::vector<OfdmaDcm>{{0, OfdmaCodes::ACK}}; };
        episode.follow = [&](uint32_t) -> std::vector<uint16_t> {
            const auto& buffer = cell.GetUes()[0]->buffer;
            const uint16_t access = buffer.GetSize() == 0      ? uint16_t(OfdmaCodes::HOLD)
                                    : buffer.IsHeadDelivered() ? uint16_t(OfdmaCodes::DELETE)
                                                               : uint16_t(OfdmaCodes::TRANSMIT);
            return {cell.GetCodes().Join({access, OfdmaCodes::UCM_NULL})};
        };
        episode.Run();
        const uint64_t delivered = cell.GetStatistics().GetDelivered()[0];
        NS_TEST_EXPECT_MSG_EQ(cell.GetBound(), delivered, "bound");
        NS_TEST_EXPECT_MSG_GT(delivered, 300, "deliveries");
    }

    bool m_ackDeletes; //!< whether acks delete
};

/// Many UEs that take turns without a collision: the bound is the number of RBGs.
class OfdmaCapacityTestCase : public TestCase
{
  public:
    OfdmaCapacityTestCase()
        : TestCase("the bound is reached by UEs that fill all RBGs")
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario;
        scenario.ues = 6;
        scenario.rbgs = 2;
        scenario.ttis = 100;
        scenario.traffic.Set("Probability", DoubleValue(1));
        scenario.tbler = 0;
        TestEpisode episode(scenario, {1}, false, true);
        auto& cell = episode.Cell();
        episode.follow = [&](uint32_t tti) {
            std::vector<uint16_t> actions;
            for (uint32_t ue = 0; ue < 6; ++ue)
            {
                // Three turns: transmit, delete, rest; pairs of UEs share a turn.
                const uint32_t turn = (tti + ue / 2) % 3;
                const uint16_t access = turn == 0   ? OfdmaCodes::TRANSMIT + ue % 2
                                        : turn == 1 ? uint16_t(OfdmaCodes::DELETE)
                                                    : uint16_t(OfdmaCodes::HOLD);
                const bool first = tti == 0 && turn == 1; // nothing was sent yet
                actions.push_back(cell.GetCodes().Join(
                    {first ? uint16_t(OfdmaCodes::HOLD) : access, OfdmaCodes::UCM_NULL}));
            }
            return actions;
        };
        episode.Run();
        uint64_t delivered = 0;
        for (uint32_t perUe : cell.GetStatistics().GetDelivered())
        {
            delivered += perUe;
        }
        NS_TEST_EXPECT_MSG_EQ(delivered, 200, "both RBGs in every TTI");
        NS_TEST_EXPECT_MSG_EQ(cell.GetBound(), delivered, "bound");
    }
};

/// What a run looks like from outside: link gains and outcomes of each UE.
using Trace = std::vector<std::tuple<uint32_t, uint32_t, double>>;

/// The same seed gives the same, whoever else is there.
class OfdmaIndependenceTestCase : public TestCase
{
  public:
    /// \param channel the loss models
    explicit OfdmaIndependenceTestCase(const std::vector<OfdmaModelSpec>& channel)
        : TestCase("draws depend on seed and UE alone: " + channel.back().typeId),
          m_channel(channel)
    {
    }

  private:
    /// Traces of one cell.
    struct Traces
    {
        Trace links;    //!< UE, TTI, gain
        Trace arrivals; //!< UE, TTI, dPDUs so far
        Trace outcomes; //!< RBG, TTI, outcome
    };

    void DoRun() override
    {
        m_scenario = CreateBusyScenario();
        m_scenario.ttis = 60;
        m_scenario.channel = m_channel;
        const Traces alone = Record({7}, 0);
        const Traces again = Record({7}, 0);
        const Traces among = Record({7, 8, 9, 10, 11, 12, 13, 14}, 0);
        const Traces last = Record({14, 13, 12, 11, 10, 9, 8, 7}, 7);
        const Traces otherActions = Record({7}, 0, 99);
        const Traces otherSeed = Record({8}, 0);
        NS_TEST_EXPECT_MSG_GT(alone.links.size(), 200, "links were evaluated");
        Expect(alone, again, true, "the same seed twice");
        Expect(alone, among, true, "the first of eight environments");
        Expect(alone, last, true, "the last of eight environments");
        NS_TEST_EXPECT_MSG_EQ((alone.links == otherSeed.links), false, "another seed");

        NS_TEST_EXPECT_MSG_EQ((alone.links == otherActions.links), true, "channel, other actions");
        NS_TEST_EXPECT_MSG_EQ((alone.arrivals == otherActions.arrivals), true, "arrivals");
        NS_TEST_EXPECT_MSG_EQ((alone.outcomes == otherActions.outcomes), false, "other actions");

        m_scenario.churn.clear();
        const Traces five = Record({7}, 0);
        ++m_scenario.ues;
        const Traces six = Record({7}, 0);
        NS_TEST_EXPECT_MSG_EQ((five.links == Without(six.links, 5)), true, "one more UE");
        NS_TEST_EXPECT_MSG_EQ((five.arrivals == Without(six.arrivals, 5)), true, "one more UE");
    }

    /// Two runs are the same.
    void Expect(const Traces& a, const Traces& b, bool same, const std::string& what)
    {
        NS_TEST_EXPECT_MSG_EQ((a.links == b.links), same, what << ": channel");
        NS_TEST_EXPECT_MSG_EQ((a.arrivals == b.arrivals), same, what << ": arrivals");
        NS_TEST_EXPECT_MSG_EQ((a.outcomes == b.outcomes), same, what << ": outcomes");
    }

    /// \return the entries of all UEs but one
    static Trace Without(const Trace& trace, uint32_t ue)
    {
        Trace rest;
        for (const auto& entry : trace)
        {
            if (std::get<0>(entry) != ue)
            {
                rest.push_back(entry);
            }
        }
        return rest;
    }

    /// Simulate environments with these seeds. \return traces of one of them
    Traces Record(const std::vector<uint64_t>& seeds, std::size_t which, uint64_t salt = 0)
    {
        TestEpisode episode(m_scenario, seeds);
        m_traces = {};
        OfdmaCell& cell = *episode.cells[which];
        cell.GetChannel()->TraceConnectWithoutContext(
            "Link",
            MakeCallback(&OfdmaIndependenceTestCase::NoteLink, this));
        WatchedAgents agents(
            episode.cells,
            [&](uint32_t tti) {
                m_tti = tti + 1; // the links of the next TTI are evaluated before the next look
                for (const auto& ue : cell.GetUes())
                {
                    const auto arrived = cell.GetStatistics().GetArrived()[ue->id];
                    m_traces.arrivals.emplace_back(ue->id, tti, arrived);
                }
                for (uint32_t rbg = 0; rbg < m_scenario.rbgs; ++rbg)
                {
                    m_traces.outcomes.emplace_back(rbg, tti, cell.GetRbgOutcomes()[rbg]);
                }
            },
            salt);
        m_tti = 0;
        episode.Run(agents);
        return m_traces;
    }

    /// A link was evaluated.
    void NoteLink(uint32_t ue, double gain)
    {
        m_traces.links.emplace_back(ue, m_tti, gain);
    }

    std::vector<OfdmaModelSpec> m_channel; //!< loss models
    OfdmaScenario m_scenario;              //!< under test
    Traces m_traces;                       //!< being recorded
    uint32_t m_tti{0};                     //!< under way
};

} // namespace

/// The suite of what must hold in every run.
class OfdmaAccountsTestSuite : public TestSuite
{
  public:
    OfdmaAccountsTestSuite()
        : TestSuite("ofdma-accounts")
    {
        for (bool ackDeletes : {false, true})
        {
            AddTestCase(new OfdmaConservationTestCase(ackDeletes));
            AddTestCase(new OfdmaBoundTestCase(ackDeletes));
        }
        AddTestCase(new OfdmaCapacityTestCase);
        const OfdmaModelSpec logDistance{"ns3::LogDistancePropagationLossModel", {}};
        const OfdmaModelSpec uma{"ns3::ThreeGppUmaPropagationLossModel", {}};
        AddTestCase(new OfdmaIndependenceTestCase(
            {logDistance, {"ns3::NakagamiPropagationLossModel", {}}}));
        AddTestCase(
            new OfdmaIndependenceTestCase({logDistance, {"ns3::JakesPropagationLossModel", {}}}));
        AddTestCase(new OfdmaIndependenceTestCase({uma}));
    }
};

static OfdmaAccountsTestSuite g_ofdmaAccountsTestSuite; //!< the suite
