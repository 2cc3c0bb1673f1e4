// SPDX-License-Identifier: GPL-2.0-only
// Random joins and leaves, against closed forms. Statistical checks allow four standard errors.
#include <ns3/ofdma-poisson-churn.h>
#include <ns3/test.h>

#include <cmath>
#include <map>
#include <set>

using namespace ns3;

/// However joins and stays fall, the limits hold and ids are new.
class ChurnLimitsTestCase : public TestCase
{
  public:
    ChurnLimitsTestCase()
        : TestCase("limits of random churn")
    {
    }

  private:
    void DoRun() override
    {
        const OfdmaPoissonChurn churn{0.8, 10, 3, 9, 400};
        bool reachedMin = false;
        bool reachedMax = false;
        bool reachedJoins = false;
        for (uint64_t seed = 0; seed < 20; ++seed)
        {
            std::set<uint32_t> connected = {0, 1, 2, 3, 4};
            uint32_t next = 5;
            uint32_t before = 0;
            for (const auto& event : churn.Draw(OfdmaCoin(seed), 5, 2000))
            {
                NS_TEST_ASSERT_MSG_GT(event.tti, before, "in order of TTI, from TTI 1 on");
                NS_TEST_ASSERT_MSG_LT(event.tti, 2000, "in the episode");
                before = event.tti;
                for (uint32_t ue : event.leave)
                {
                    NS_TEST_ASSERT_MSG_EQ(connected.erase(ue), 1, "UE " << ue << " is connected");
                }
                NS_TEST_ASSERT_MSG_GT_OR_EQ(connected.size(), churn.minUes, "least UEs");
                reachedMin |= connected.size() == churn.minUes;
                for (uint32_t i = 0; i < event.join; ++i)
                {
                    connected.insert(next++);
                }
                NS_TEST_ASSERT_MSG_LT_OR_EQ(connected.size(), churn.maxUes, "most UEs");
                reachedMax |= connected.size() == churn.maxUes;
            }
            NS_TEST_ASSERT_MSG_LT_OR_EQ(next, 5 + churn.maxJoins, "joins");
            reachedJoins |= next == 5 + churn.maxJoins;
        }
        NS_TEST_EXPECT_MSG_EQ((reachedMin && reachedMax && reachedJoins), true, "limits are met");
    }
};

/// Stays are geometric: mean m, standard deviation sqrt(m (m - 1)), one TTI with probability 1 / m.
class ChurnStayTestCase : public TestCase
{
  public:
    ChurnStayTestCase()
        : TestCase("stays are geometric")
    {
    }

  private:
    void DoRun() override
    {
        constexpr uint32_t UES = 20000;
        constexpr double MEAN = 5;
        double sum = 0;
        double ones = 0;
        std::set<uint32_t> left;
        for (const auto& event : OfdmaPoissonChurn{0, MEAN, 0, UES, 0}.Draw(OfdmaCoin(1), UES, 500))
        {
            sum += double(event.tti) * event.leave.size();
            ones += event.tti == 1 ? event.leave.size() : 0;
            left.insert(event.leave.begin(), event.leave.end());
            NS_TEST_ASSERT_MSG_EQ(event.join, 0, "nobody joins");
        }
        NS_TEST_EXPECT_MSG_EQ(left.size(), UES, "all have left");
        NS_TEST_EXPECT_MSG_EQ_TOL(sum / UES, MEAN, 4 * std::sqrt(MEAN * (MEAN - 1) / UES), "mean");
        const double error = std::sqrt(1 / MEAN * (1 - 1 / MEAN) / UES);
        NS_TEST_EXPECT_MSG_EQ_TOL(ones / UES, 1 / MEAN, 4 * error, "one TTI");

        // The last ones stay, and those whose time is over first go first.
        uint32_t connected = 10;
        for (const auto& event : OfdmaPoissonChurn{0, MEAN, 3, 10, 0}.Draw(OfdmaCoin(1), 10, 1000))
        {
            connected -= event.leave.size();
        }
        NS_TEST_EXPECT_MSG_EQ(connected, 3, "the least number");
        NS_TEST_EXPECT_MSG_EQ((OfdmaPoissonChurn{0, 1, 0, 4, 0}.Draw(OfdmaCoin(1), 4, 9)[0].tti),
                              1,
                              "a mean of one TTI is one TTI");
    }
};

/**
 * Without limits: with n UEs at TTI 0, joins of mean l and stays of mean m, the UEs connected in
 * TTI t are those n that stayed, each with probability q = (1 - 1/m)^t, and a Poisson number of
 * mean l m (1 - q) of joined ones (the sum over ages k < t of l P(stay > k), an infinite-server
 * queue).
 */
class ChurnPopulationTestCase : public TestCase
{
  public:
    ChurnPopulationTestCase()
        : TestCase("mean number of UEs")
    {
    }

  private:
    void DoRun() override
    {
        constexpr double JOINS = 0.3;
        constexpr double STAY = 20;
        constexpr uint32_t UES = 15;
        constexpr uint32_t TTIS = 31;
        constexpr uint32_t SEEDS = 4000;
        const OfdmaPoissonChurn churn{JOINS, STAY, 0, 1000, 1000};
        double joined = 0;
        double connected = 0;
        for (uint64_t seed = 0; seed < SEEDS; ++seed)
        {
            connected += UES;
            for (const auto& event : churn.Draw(OfdmaCoin(seed), UES, TTIS))
            {
                joined += event.join;
                connected += event.join - double(event.leave.size());
            }
        }
        const double expectedJoins = JOINS * (TTIS - 1);
        NS_TEST_EXPECT_MSG_EQ_TOL(joined / SEEDS,
                                  expectedJoins,
                                  4 * std::sqrt(expectedJoins / SEEDS),
                                  "joins");
        const double q = std::pow(1 - 1 / STAY, TTIS - 1);
        const double arrived = JOINS * STAY * (1 - q);
        const double error = std::sqrt((UES * q * (1 - q) + arrived) / SEEDS);
        NS_TEST_EXPECT_MSG_EQ_TOL(connected / SEEDS, UES * q + arrived, 4 * error, "connected");
    }
};

/// One more UE at TTI 0 leaves the stays of the others as they are.
class ChurnIndependenceTestCase : public TestCase
{
  public:
    ChurnIndependenceTestCase()
        : TestCase("stays of other UEs")
    {
    }

  private:
    void DoRun() override
    {
        const OfdmaPoissonChurn churn{0.2, 50, 0, 1000, 1000};
        for (uint64_t seed = 0; seed < 20; ++seed)
        {
            const auto five = FindLeaves(churn.Draw(OfdmaCoin(seed), 5, 300));
            const auto six = FindLeaves(churn.Draw(OfdmaCoin(seed), 6, 300));
            for (uint32_t ue = 0; ue < 5; ++ue)
            {
                NS_TEST_EXPECT_MSG_EQ((five.count(ue) > 0 ? five.at(ue) : 0),
                                      (six.count(ue) > 0 ? six.at(ue) : 0),
                                      "UE " << ue);
            }
        }
    }

    /// \return TTI in which each UE leaves
    static std::map<uint32_t, uint32_t> FindLeaves(const std::vector<OfdmaChurnEvent>& events)
    {
        std::map<uint32_t, uint32_t> leaves;
        for (const auto& event : events)
        {
            for (uint32_t ue : event.leave)
            {
                leaves[ue] = event.tti;
            }
        }
        return leaves;
    }
};

/// The suite of random churn.
class OfdmaPoissonChurnTestSuite : public TestSuite
{
  public:
    OfdmaPoissonChurnTestSuite()
        : TestSuite("ofdma-poisson-churn")
    {
        AddTestCase(new ChurnLimitsTestCase);
        AddTestCase(new ChurnStayTestCase);
        AddTestCase(new ChurnPopulationTestCase);
        AddTestCase(new ChurnIndependenceTestCase);
    }
};

static OfdmaPoissonChurnTestSuite g_ofdmaPoissonChurnTestSuite; //!< the suite
