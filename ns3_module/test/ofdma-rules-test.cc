// SPDX-License-Identifier: GPL-2.0-only
// The rules of docs/game.md, one small script each.
#include "test-episode.h"

#include <ns3/double.h>
#include <ns3/test.h>

#include <cmath>

using namespace ns3;

namespace
{

/// A cell without chance: arrivals in each TTI or never, no block errors.
OfdmaScenario
CreateScenario(double load)
{
    OfdmaScenario scenario;
    scenario.ttis = 10;
    scenario.ues = 2;
    scenario.traffic.Set("Probability", DoubleValue(load));
    scenario.tbler = 0;
    return scenario;
}

constexpr uint16_t HOLD = OfdmaCodes::HOLD;         //!< access code
constexpr uint16_t DELETE = OfdmaCodes::DELETE;     //!< access code
constexpr uint16_t ON_0 = OfdmaCodes::TRANSMIT;     //!< access code: transmit on RBG 0
constexpr uint16_t ON_1 = OfdmaCodes::TRANSMIT + 1; //!< access code: transmit on RBG 1
constexpr uint16_t SR = OfdmaCodes::SR;             //!< UCM code, of 1 bit
constexpr uint16_t ACK = OfdmaCodes::ACK;           //!< DCM code, of 2 bits

/// \return UE actions with these accesses and without UCMs
std::vector<uint16_t>
Access(const OfdmaCell& cell, const std::vector<uint16_t>& accesses)
{
    std::vector<uint16_t> actions;
    for (uint16_t access : accesses)
    {
        actions.push_back(cell.GetCodes().Join({access, OfdmaCodes::UCM_NULL}));
    }
    return actions;
}

/// \return a counter of the last TTI
int32_t
Count(const OfdmaCell& cell, OfdmaCounter counter)
{
    return cell.GetLastCounters()[static_cast<std::size_t>(counter)];
}

} // namespace

/// Deliveries, duplicates, deletions, collisions and their utility, two UEs always backlogged.
class OfdmaOutcomeTestCase : public TestCase
{
  public:
    OfdmaOutcomeTestCase()
        : TestCase("outcomes and utility")
    {
    }

  private:
    void DoRun() override
    {
        using O = OfdmaOutcome;

        struct Step
        {
            std::vector<uint16_t> access;   //!< of both UEs
            std::vector<O> outcomes;        //!< of both UEs
            std::vector<int32_t> rbgs;      //!< of both RBGs
            std::vector<uint8_t> duplicate; //!< of both RBGs
            double utility;                 //!< with rho = 3
        };

        const int32_t idle = OfdmaCell::IDLE;
        const int32_t undecodable = OfdmaCell::UNDECODABLE;
        const std::vector<Step> steps = {
            // One collision, one idle RBG: -1 - 3.
            {{ON_0, ON_0}, {O::COLLIDED, O::COLLIDED}, {undecodable, idle}, {0, 0}, -4},
            // Two first decodes.
            {{ON_0, ON_1}, {O::DECODED, O::DECODED}, {0, 1}, {0, 0}, 6},
            // A duplicate, a free deletion, an idle RBG.
            {{ON_1, DELETE}, {O::DECODED_DUPLICATE, O::DELETED_DELIVERED}, {idle, 0}, {0, 1}, -6},
            // A deletion that loses a dPDU, two idle RBGs.
            {{HOLD, DELETE}, {O::HELD, O::DELETED_LOST}, {idle, idle}, {0, 0}, -9},
        };
        auto scenario = CreateScenario(1);
        scenario.ttis = steps.size();
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        episode.follow = [&](uint32_t tti) { return Access(cell, steps[tti].access); };
        episode.observe = [&](uint32_t tti) {
            if (tti > 0)
            {
                const Step& step = steps[tti - 1];
                const bool outcomes = cell.GetOutcomes() == step.outcomes;
                const bool rbgs = cell.GetRbgOutcomes() == step.rbgs;
                const bool duplicates = cell.GetRbgDuplicates() == step.duplicate;
                NS_TEST_EXPECT_MSG_EQ(outcomes, true, "outcomes of TTI " << tti - 1);
                NS_TEST_EXPECT_MSG_EQ(rbgs, true, "RBGs of TTI " << tti - 1);
                NS_TEST_EXPECT_MSG_EQ(duplicates, true, "duplicates of TTI " << tti - 1);
                NS_TEST_EXPECT_MSG_EQ(cell.GetLeaderUtility(), step.utility, "TTI " << tti - 1);
                const bool shared = cell.GetFollowerUtilities() == std::vector(2, step.utility);
                NS_TEST_EXPECT_MSG_EQ(shared, true, "followers in TTI " << tti - 1);
            }
        };
        episode.Run();
        // Both dPDUs of TTI 0 were delivered in TTI 1, with a delay of 2 TTIs. Of the other six, UE
        // 1's of TTI 1 was lost and the rest is buffered; they have their ages: 3, 2 and 1 TTIs.
        const std::vector<uint32_t> delays = {0, 2, 4, 2, 0};
        const bool same = cell.GetStatistics().GetDelayHistogram() == delays;
        NS_TEST_EXPECT_MSG_EQ(same, true, "delays");
    }
};

/// A proportional fair leader that pays for signalling, and followers that pay for energy.
class OfdmaOwnUtilitiesTestCase : public TestCase
{
  public:
    OfdmaOwnUtilitiesTestCase()
        : TestCase("utilities that differ")
    {
    }

  private:
    void DoRun() override
    {
        struct Step
        {
            std::vector<uint16_t> access;  //!< of both UEs
            std::vector<OfdmaDcm> dcms;    //!< of 2 bits each
            double fairness;               //!< gain in the sum of ln(1 + deliveries)
            uint32_t bits;                 //!< of UCMs and DCMs
            std::vector<double> followers; //!< utilities with rho = 3 and a cost of 0.5
        };

        const std::vector<Step> steps = {
            // A collision costs the followers their energy, and the leader nothing.
            {{ON_0, ON_0}, {}, 0, 2, {-0.5, -0.5}},
            // First decodes of two UEs.
            {{ON_0, ON_1}, {}, 2 * std::log(2), 2, {2.5, 2.5}},
            // A duplicate, and a deletion.
            {{ON_0, DELETE}, {{0, ACK}, {1, ACK}}, 0, 6, {-0.5, 0}},
            // The second first decode of UE 1 is worth less to the leader than its first was.
            {{HOLD, ON_1}, {{1, ACK}}, std::log(1.5), 4, {0, 2.5}},
        };
        auto scenario = CreateScenario(1);
        scenario.ttis = steps.size();
        scenario.signallingCost = 0.25;
        scenario.transmissionCost = 0.5;
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        episode.lead = [&](uint32_t tti) { return steps[tti].dcms; };
        episode.follow = [&](uint32_t tti) {
            std::vector<uint16_t> actions;
            for (uint16_t access : steps[tti].access)
            {
                actions.push_back(cell.GetCodes().Join({access, SR}));
            }
            return actions;
        };
        episode.observe = [&](uint32_t tti) {
            if (tti > 0)
            {
                const Step& step = steps[tti - 1];
                NS_TEST_EXPECT_MSG_EQ_TOL(cell.GetLeaderUtility(),
                                          3 * step.fairness - 0.25 * step.bits,
                                          1e-12,
                                          "TTI " << tti - 1);
                const bool followers = cell.GetFollowerUtilities() == step.followers;
                NS_TEST_EXPECT_MSG_EQ(followers, true, "followers in TTI " << tti - 1);
            }
        };
        episode.Run();
    }
};

/// What does not fit the state becomes hold or null, and is counted.
class OfdmaInvalidTestCase : public TestCase
{
  public:
    OfdmaInvalidTestCase()
        : TestCase("actions that do not fit the state")
    {
    }

  private:
    void DoRun() override
    {
        auto scenario = CreateScenario(0);
        scenario.ues = 3;
        scenario.ttis = 4;
        scenario.ucmPeriod = 2;
        scenario.maxDcmsPerTti = 1;
        scenario.churn = {{1, 0, {0}}};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        const auto& codes = cell.GetCodes();
        episode.lead = [](uint32_t tti) -> std::vector<OfdmaDcm> {
            // In TTI 1 UE 0 has left, a null takes no room, and UE 2 is beyond the limit.
            return tti == 1 ? std::vector<OfdmaDcm>{{0, OfdmaCodes::ACK},
                                                    {1, OfdmaCodes::GRANT},
                                                    {2, OfdmaCodes::ACK}}
                            : std::vector<OfdmaDcm>{{1, OfdmaCodes::DCM_NULL}};
        };
        episode.follow = [&](uint32_t tti) -> std::vector<uint16_t> {
            if (tti == 0) // UEs 0 and 2 may send a UCM, UE 1 may not
            {
                return {codes.Join({ON_0, OfdmaCodes::SR}),
                        codes.Join({HOLD, OfdmaCodes::SR}),
                        codes.Join({DELETE, OfdmaCodes::BSR})};
            }
            return std::vector<uint16_t>(cell.GetUes().size());
        };
        std::vector<uint16_t> lastActions;
        episode.observe = [&](uint32_t tti) {
            const auto& outcomes = cell.GetOutcomes();
            if (tti == 1)
            {
                NS_TEST_EXPECT_MSG_EQ((outcomes[0] == OfdmaOutcome::INVALID), true, "empty buffer");
                NS_TEST_EXPECT_MSG_EQ((outcomes[1] == OfdmaOutcome::HELD), true, "held");
                NS_TEST_EXPECT_MSG_EQ((outcomes[2] == OfdmaOutcome::INVALID), true, "empty buffer");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::INVALID), 3, "invalid actions");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DECISION), 4, "decisions");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::UCM), 2, "UCMs");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::UCM_BITS), 1 + 4, "sr and bsr");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::TRANSMISSION), 0, "became hold");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DCM), 0, "null is not counted");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::IDLE), 0, "there is no backlog");
                NS_TEST_EXPECT_MSG_EQ(cell.GetUes().front()->lastAction, 0, "UE 1: hold, null");
                NS_TEST_EXPECT_MSG_EQ(cell.GetUes().back()->lastAction,
                                      codes.Join({HOLD, OfdmaCodes::BSR}),
                                      "UE 2: hold, bsr 0");
                NS_TEST_EXPECT_MSG_EQ(cell.GetUes().back()->lastUcm, OfdmaCodes::BSR, "UE 2");
            }
            if (tti == 2)
            {
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DCM), 1, "grant to UE 1");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DCM_BITS), 3, "2 + log2(2)");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::INVALID), 2, "UEs 0 and 2");
            }
        };
        episode.Run();
    }
};

/// Messages arrive after their delay, in one piece, or are lost.
class OfdmaControlTestCase : public TestCase
{
  public:
    /**
     * \param delay of messages in TTIs
     * \param loss probability, 0 or 1
     */
    OfdmaControlTestCase(uint32_t delay, double loss)
        : TestCase("control messages with delay " + std::to_string(delay) + " and loss " +
                   std::to_string(loss)),
          m_delay(delay),
          m_loss(loss)
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint32_t SENT = 2; // TTI in which one DCM and one UCM are sent, to and from UE 1
        auto scenario = CreateScenario(0);
        scenario.controlDelay = m_delay;
        scenario.controlLossProbability = m_loss;
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        const auto& codes = cell.GetCodes();
        const auto ue = [&]() -> const OfdmaUe& { return *cell.GetUes()[1]; };
        episode.lead = [&](uint32_t tti) -> std::vector<OfdmaDcm> {
            const bool due = tti == SENT + 1 + m_delay && m_loss == 0;
            NS_TEST_EXPECT_MSG_EQ(ue().ucm, (due ? OfdmaCodes::SR : 0), "UCM in TTI " << tti);
            return tti == SENT ? std::vector<OfdmaDcm>{{1, OfdmaCodes::GRANT}}
                               : std::vector<OfdmaDcm>();
        };
        episode.follow = [&](uint32_t tti) -> std::vector<uint16_t> {
            const bool due = tti == SENT + m_delay && m_loss == 0;
            NS_TEST_EXPECT_MSG_EQ(ue().dcm, (due ? OfdmaCodes::GRANT : 0), "DCM in TTI " << tti);
            const uint16_t ucm = tti == SENT ? OfdmaCodes::SR : OfdmaCodes::UCM_NULL;
            return {0, codes.Join({HOLD, ucm})};
        };
        episode.observe = [&](uint32_t tti) {
            const int32_t sent = tti == SENT + 1;
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::UCM), sent, "sent, lost or not");
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DCM), sent, "sent, lost or not");
        };
        episode.Run();
    }

    uint32_t m_delay; //!< TTIs
    double m_loss;    //!< probability
};

/// With ack_deletes an ack removes a delivered head of line, and nothing else.
class OfdmaAckTestCase : public TestCase
{
  public:
    /// \param ackDeletes whether acks delete
    explicit OfdmaAckTestCase(bool ackDeletes)
        : TestCase(ackDeletes ? "an ack deletes" : "an ack does not delete"),
          m_ackDeletes(ackDeletes)
    {
    }

  private:
    void DoRun() override
    {
        auto scenario = CreateScenario(1);
        scenario.ues = 1;
        scenario.ttis = 6;
        scenario.ackDeletes = m_ackDeletes;
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        episode.lead = [&](uint32_t tti) {
            const uint16_t code =
                tti < 3 ? OfdmaCodes::ACK : OfdmaCodes::GRANT + 2 + 1; // ack grant 1
            return std::vector<OfdmaDcm>{{0, code}};
        };
        episode.follow = [&](uint32_t tti) {
            // The dPDU of TTI 0 is sent in TTI 1, the next one in TTI 3; an ack comes in each TTI.
            const uint32_t removed = m_ackDeletes ? (tti >= 2) + (tti >= 4) : 0;
            NS_TEST_EXPECT_MSG_EQ(cell.GetUes()[0]->buffer.GetSize(), tti + 1 - removed, "" << tti);
            return Access(cell, {tti % 2 == 1 ? ON_0 : HOLD});
        };
        episode.Run();
        const auto& delivered = cell.GetStatistics().GetDelivered();
        NS_TEST_EXPECT_MSG_EQ(delivered[0], (m_ackDeletes ? 3 : 1), "deliveries");
    }

    bool m_ackDeletes; //!< whether acks delete
};

/// Leaves come before joins, ids are new, what was buffered is discarded, messages vanish.
class OfdmaChurnTestCase : public TestCase
{
  public:
    OfdmaChurnTestCase()
        : TestCase("UEs leave and join")
    {
    }

  private:
    void DoRun() override
    {
        auto scenario = CreateScenario(1);
        scenario.ttis = 6;
        scenario.controlDelay = 2;
        scenario.churn = {{3, 1, {0}}, {3, 1, {1}}, {5, 0, {3}}};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        episode.lead = [&](uint32_t tti) {
            // UE 0 gets a message that is still on its way when it leaves.
            return tti == 2 ? std::vector<OfdmaDcm>{{0, OfdmaCodes::ACK}} : std::vector<OfdmaDcm>();
        };
        episode.follow = [&](uint32_t tti) {
            for (const auto& ue : cell.GetUes())
            {
                NS_TEST_EXPECT_MSG_EQ(ue->dcm, 0, "a message to a UE that has left");
            }
            return tti == 0 ? Access(cell, {ON_0, HOLD})
                            : std::vector<uint16_t>(cell.GetUes().size());
        };
        episode.observe = [&](uint32_t tti) {
            std::vector<uint32_t> ids;
            for (const auto& ue : cell.GetUes())
            {
                ids.push_back(ue->id);
            }
            const std::vector<uint32_t> expected = tti < 3   ? std::vector<uint32_t>{0, 1}
                                                   : tti < 5 ? std::vector<uint32_t>{2, 3}
                                                             : std::vector<uint32_t>{2};
            NS_TEST_EXPECT_MSG_EQ((ids == expected), true, "ids in TTI " << tti);
            if (tti == 4) // of 2 x 3 dPDUs one had been delivered
            {
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DISCARDED), 5, "discarded");
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::BACKLOG), 2, "new dPDUs");
            }
            if (tti == 6)
            {
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DISCARDED), 2, "discarded");
            }
        };
        episode.Run();
        NS_TEST_EXPECT_MSG_EQ(cell.GetUeTotal(), 4, "UEs");
    }
};

/// A full buffer drops what arrives.
class OfdmaDropTestCase : public TestCase
{
  public:
    OfdmaDropTestCase()
        : TestCase("a full buffer drops")
    {
    }

  private:
    void DoRun() override
    {
        auto scenario = CreateScenario(1);
        scenario.ues = 1;
        scenario.bufferCapacity = 3;
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        episode.observe = [&](uint32_t tti) {
            if (tti > 0)
            {
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DROPPED), (tti > 3), "TTI " << tti);
                NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::BACKLOG),
                                      std::min<int32_t>(tti, 3),
                                      "TTI " << tti);
            }
        };
        episode.Run();
        NS_TEST_EXPECT_MSG_EQ(cell.GetStatistics().GetArrived()[0], 10, "drops have arrived, too");
    }
};

/// The suite of rules.
class OfdmaRulesTestSuite : public TestSuite
{
  public:
    OfdmaRulesTestSuite()
        : TestSuite("ofdma-rules")
    {
        AddTestCase(new OfdmaOutcomeTestCase);
        AddTestCase(new OfdmaOwnUtilitiesTestCase);
        AddTestCase(new OfdmaInvalidTestCase);
        AddTestCase(new OfdmaControlTestCase(0, 0));
        AddTestCase(new OfdmaControlTestCase(3, 0));
        AddTestCase(new OfdmaControlTestCase(0, 1));
        AddTestCase(new OfdmaAckTestCase(true));
        AddTestCase(new OfdmaAckTestCase(false));
        AddTestCase(new OfdmaChurnTestCase);
        AddTestCase(new OfdmaDropTestCase);
    }
};

static OfdmaRulesTestSuite g_ofdmaRulesTestSuite; //!< the suite
