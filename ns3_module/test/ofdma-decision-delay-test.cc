// SPDX-License-Identifier: GPL-2.0-only
// Decisions take effect some TTIs after the observation that they answer.
#include "test-episode.h"

#include <ns3/double.h>
#include <ns3/test.h>

#include <cmath>

using namespace ns3;

namespace
{

/// A cell without chance: an arrival in each TTI, no block errors.
OfdmaScenario
CreateScenario(const std::vector<double>& delay)
{
    OfdmaScenario scenario;
    scenario.ttis = 30;
    scenario.ues = 2;
    scenario.traffic.Set("Probability", DoubleValue(1));
    scenario.tbler = 0;
    scenario.decisionDelay = delay;
    return scenario;
}

/// \return a counter of the last TTI
int32_t
Count(const OfdmaCell& cell, OfdmaCounter counter)
{
    return cell.GetLastCounters()[static_cast<std::size_t>(counter)];
}

} // namespace

/// The distribution, inverted.
class DecisionDelayInversionTestCase : public TestCase
{
  public:
    DecisionDelayInversionTestCase()
        : TestCase("distribution of the delay")
    {
    }

  private:
    void DoRun() override
    {
        const OfdmaDecisionDelay none;
        const OfdmaDecisionDelay mixed({0.5, 0, 0.25, 0.25});
        const OfdmaDecisionDelay two({0, 0, 1});
        const double almost = std::nextafter(1, 0);
        NS_TEST_EXPECT_MSG_EQ(none.GetLongest(), 0, "no delay");
        NS_TEST_EXPECT_MSG_EQ(none.Invert(almost), 0, "no delay");
        NS_TEST_EXPECT_MSG_EQ(mixed.GetLongest(), 3, "mixed");
        NS_TEST_EXPECT_MSG_EQ(mixed.Invert(0), 0, "mixed");
        NS_TEST_EXPECT_MSG_EQ(mixed.Invert(0.4999), 0, "mixed");
        NS_TEST_EXPECT_MSG_EQ(mixed.Invert(0.5), 2, "1 TTI has no probability");
        NS_TEST_EXPECT_MSG_EQ(mixed.Invert(0.75), 3, "mixed");
        NS_TEST_EXPECT_MSG_EQ(mixed.Invert(almost), 3, "mixed");
        NS_TEST_EXPECT_MSG_EQ(two.Invert(0), 2, "always two");
        NS_TEST_EXPECT_MSG_EQ(OfdmaDecisionDelay({1, 0}).Invert(almost), 0, "never one");
        // Rounding leaves no gap: ten times 0.1 adds up to less than 1.
        NS_TEST_EXPECT_MSG_EQ(OfdmaDecisionDelay(std::vector<double>(10, 0.1)).Invert(almost),
                              9,
                              "the last one");
    }
};

/// A fixed delay shifts everything by exactly that, and nothing else happens.
class DecisionShiftTestCase : public TestCase
{
  public:
    /// \param delay in TTIs
    explicit DecisionShiftTestCase(uint32_t delay)
        : TestCase("decisions take effect after " + std::to_string(delay) + " TTIs"),
          m_delay(delay)
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint32_t LED = 2;      // TTI in which the BS decides on a grant to UE 1
        constexpr uint32_t FOLLOWED = 5; // TTI in which UE 1 decides to transmit, with a UCM
        std::vector<double> delay(m_delay + 1);
        delay.back() = 1;
        TestEpisode episode(CreateScenario(delay));
        auto& cell = episode.Cell();
        const auto& codes = cell.GetCodes();
        const uint16_t action = codes.Join({OfdmaCodes::TRANSMIT + 1, OfdmaCodes::SR});
        episode.lead = [&](uint32_t tti) -> std::vector<OfdmaDcm> {
            const uint16_t ucm = tti == FOLLOWED + m_delay + 1 ? OfdmaCodes::SR : 0;
            NS_TEST_EXPECT_MSG_EQ(cell.GetUes()[1]->ucm, ucm, "UCM in TTI " << tti);
            return tti == LED ? std::vector<OfdmaDcm>{{1, OfdmaCodes::GRANT}}
                              : std::vector<OfdmaDcm>();
        };
        episode.follow = [&](uint32_t tti) -> std::vector<uint16_t> {
            const uint16_t dcm = tti == LED + m_delay ? OfdmaCodes::GRANT : 0;
            NS_TEST_EXPECT_MSG_EQ(cell.GetUes()[1]->dcm, dcm, "DCM in TTI " << tti);
            return {0, tti == FOLLOWED ? action : uint16_t(0)};
        };
        episode.observe = [&](uint32_t tti) {
            const bool effect = tti == FOLLOWED + m_delay + 1; // in the TTI before
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::TRANSMISSION), effect, "TTI " << tti);
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DELIVERED), effect, "TTI " << tti);
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::UCM), effect, "TTI " << tti);
            NS_TEST_EXPECT_MSG_EQ(cell.GetUes()[1]->lastAction,
                                  (effect ? action : 0),
                                  "TTI " << tti);
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DCM),
                                  (tti == LED + m_delay + 1),
                                  "TTI " << tti);
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::INVALID), 0, "TTI " << tti);
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DECISION),
                                  (tti == 0 ? 0 : 2 + (tti == LED + 1)),
                                  "counted where they are received, TTI " << tti);
        };
        episode.Run();
    }

    uint32_t m_delay; //!< TTIs
};

/// With random delays the newest decision that arrives takes effect, unless a newer one did before.
class DecisionOrderTestCase : public TestCase
{
  public:
    DecisionOrderTestCase()
        : TestCase("decisions overtake each other")
    {
    }

  private:
    static constexpr uint32_t TTIS = 120; //!< fewer than RBGs, so that an RBG names a TTI
    static constexpr uint64_t SEED = 1;   //!< of the environment

    void DoRun() override
    {
        auto scenario = CreateScenario({0.3, 0.3, 0.2, 0.2});
        scenario.ttis = TTIS;
        scenario.rbgs = TTIS;
        TestEpisode episode(scenario, {SEED});
        auto& cell = episode.Cell();
        const OfdmaCoin coin(SEED);
        const auto ofBs = FindEffects(coin, OfdmaCoin::BS_DECISION_DELAY, 0);
        const std::vector<std::vector<int32_t>> ofUes = {
            FindEffects(coin, OfdmaCoin::UE_DECISION_DELAY, 0),
            FindEffects(coin, OfdmaCoin::UE_DECISION_DELAY, 1)};
        NS_TEST_EXPECT_MSG_EQ((ofBs == ofUes[0] || ofUes[0] == ofUes[1]), false, "parties differ");
        // Each decision names the TTI of its observation.
        episode.lead = [](uint32_t tti) {
            return std::vector<OfdmaDcm>{{0, uint16_t(OfdmaCodes::GRANT + tti)}};
        };
        episode.follow = [&](uint32_t tti) {
            const int32_t granted = cell.GetUes()[0]->dcm - OfdmaCodes::GRANT;
            NS_TEST_EXPECT_MSG_EQ((granted < 0 ? -1 : granted), ofBs[tti], "BS, TTI " << tti);
            const uint16_t access = OfdmaCodes::TRANSMIT + tti;
            return std::vector<uint16_t>(2, cell.GetCodes().Join({access, OfdmaCodes::UCM_NULL}));
        };
        episode.observe = [&](uint32_t tti) {
            for (uint32_t ue = 0; ue < 2 && tti > 0; ++ue)
            {
                const auto action = cell.GetCodes().Split(cell.GetUes()[ue]->lastAction);
                const int32_t rbg = action.access - OfdmaCodes::TRANSMIT;
                NS_TEST_EXPECT_MSG_EQ((rbg < 0 ? -1 : rbg),
                                      ofUes[ue][tti - 1],
                                      "UE " << ue << ", TTI " << tti - 1);
            }
        };
        episode.Run();
    }

    /// \return by TTI, the TTI of the observation whose answer takes effect, or -1; by definition
    std::vector<int32_t> FindEffects(OfdmaCoin coin, OfdmaCoin::Purpose purpose, uint32_t ue)
    {
        std::vector<int32_t> effects;
        int32_t newest = -1;
        uint32_t overtaken = 0;
        for (uint32_t tti = 0; tti < TTIS; ++tti)
        {
            int32_t effect = -1;
            for (uint32_t observed = 0; observed <= tti; ++observed)
            {
                const double number = coin.Toss(purpose, ue, 0, observed);
                const uint32_t delay = (number >= 0.3) + (number >= 0.6) + (number >= 0.8);
                if (observed + delay == tti)
                {
                    ++overtaken;
                    effect = observed;
                }
            }
            effect = effect > newest ? effect : -1;
            overtaken -= effect >= 0;
            newest = std::max(newest, effect);
            effects.push_back(effect);
        }
        NS_TEST_EXPECT_MSG_GT(overtaken, 10, "the test sees some overtaken");
        return effects;
    }
};

/// Decisions that no longer fit when they take effect.
class DecisionStateTestCase : public TestCase
{
  public:
    DecisionStateTestCase()
        : TestCase("decisions in a state that has changed")
    {
    }

  private:
    void DoRun() override
    {
        auto scenario = CreateScenario({0, 0, 1});
        scenario.ttis = 12;
        scenario.traffic.Set("Probability", DoubleValue(0));
        scenario.ucmPeriod = 3;
        scenario.churn = {{4, 1, {0}}};
        TestEpisode episode(scenario);
        auto& cell = episode.Cell();
        const auto& codes = cell.GetCodes();
        episode.lead = [](uint32_t tti) -> std::vector<OfdmaDcm> {
            // When it takes effect, in TTI 5, UE 0 has left; UE 2, which has joined, gets nothing.
            return tti == 3 ? std::vector<OfdmaDcm>{{0, OfdmaCodes::ACK}, {1, OfdmaCodes::GRANT}}
                            : std::vector<OfdmaDcm>();
        };
        episode.follow = [&](uint32_t tti) {
            std::vector<uint16_t> actions(2);
            if (tti == 3) // UE 0 has left before this takes effect
            {
                actions[0] = codes.Join({OfdmaCodes::TRANSMIT, OfdmaCodes::UCM_NULL});
            }
            if (tti == 5 || tti == 6) // UE 1 sees an opportunity in TTIs 2, 5, 8, ...
            {
                actions[0] = codes.Join({OfdmaCodes::HOLD, OfdmaCodes::SR});
            }
            if (tti == 8)
            {
                actions[1] = codes.Join({OfdmaCodes::DELETE, OfdmaCodes::UCM_NULL});
            }
            return actions;
        };
        episode.observe = [&](uint32_t tti) {
            const uint32_t last = tti - 1;
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::DCM), (last == 5), "to UE 1");
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::UCM), (last == 7), "of TTI 5");
            // The DCM to UE 0; the UCM without an opportunity; the deletion with an empty buffer.
            const bool invalid = last == 5 || last == 8 || last == 10;
            NS_TEST_EXPECT_MSG_EQ(Count(cell, OfdmaCounter::INVALID), invalid, "TTI " << last);
        };
        episode.Run();
    }
};

/// The suite of decision delay.
class OfdmaDecisionDelayTestSuite : public TestSuite
{
  public:
    OfdmaDecisionDelayTestSuite()
        : TestSuite("ofdma-decision-delay")
    {
        AddTestCase(new DecisionDelayInversionTestCase);
        for (uint32_t delay : {0, 1, 4})
        {
            AddTestCase(new DecisionShiftTestCase(delay));
        }
        AddTestCase(new DecisionOrderTestCase);
        AddTestCase(new DecisionStateTestCase);
    }
};

static OfdmaDecisionDelayTestSuite g_ofdmaDecisionDelayTestSuite; //!< the suite
