// SPDX-License-Identifier: GPL-2.0-only
// The delay of a single UE, against queueing theory.
#include "test-episode.h"

#include <ns3/double.h>
#include <ns3/ofdma-poisson-traffic.h>
#include <ns3/test.h>

#include <cmath>

using namespace ns3;

/**
 * The UE transmits its head of line until it is decoded, and deletes it then; or the ack that the
 * BS sends in each TTI does. A block fails with probability e.
 *
 * Let A dPDUs arrive at each boundary, of mean l; service of one takes S TTIs: G of them, geometric
 * with success probability 1 - e, until it is decoded, and one more for a deletion of the UE's own
 * (none with an ack, which comes before the next access). The work U that waits before the arrivals
 * of a TTI, in TTIs, follows
 *
 *   U' = max(X - 1, 0), X = U + S_1 + ... + S_A.
 *
 * In the steady state E[U'] = E[U] gives P(X > 0) = l E[S] = r, and E[U'^2] = E[U^2] gives
 *
 *   0 = 2 E[U] r + E[(S_1 + ... + S_A)^2] - 2 (E[U] + r) + r,
 *   E[U] = (E[(S_1 + ... + S_A)^2] - r) / (2 (1 - r)),
 *   E[(S_1 + ... + S_A)^2] = l E[S^2] + E[A (A - 1)] E[S]^2.
 *
 * An arrival waits for U, which does not depend on the arrivals of its TTI, and for those of its
 * TTI that are before it, E[A (A - 1)] / (2 l) on average; it is delivered at the end of the G-th
 * TTI of its service, so that
 *
 *   E[delay] = E[U] + E[A (A - 1)] / (2 l) E[S] + E[G].
 *
 * For Bernoulli arrivals E[A (A - 1)] = 0; with e = 0 and deletions, Geo/D/1, the delay is
 * 1 + l / (1 - 2 l). For Poisson arrivals it is l^2; with e = 0 and acks the delay is
 * 1 + l / (2 (1 - l)), that of M/D/1.
 */
class OfdmaQueueTestCase : public TestCase
{
  public:
    /**
     * \param poisson or Bernoulli arrivals
     * \param load arrivals per TTI
     * \param tbler probability that a block fails
     * \param ackDeletes whether acks delete
     */
    OfdmaQueueTestCase(bool poisson, double load, double tbler, bool ackDeletes)
        : TestCase(std::string(poisson ? "Poisson" : "Bernoulli") + " arrivals, load " +
                   std::to_string(load) + ", block errors " + std::to_string(tbler) +
                   (ackDeletes ? ", acks delete" : ", the UE deletes")),
          m_poisson(poisson),
          m_load(load),
          m_tbler(tbler),
          m_ackDeletes(ackDeletes)
    {
    }

  private:
    /// \return the mean delay in TTIs, as above
    double CalcDelay() const
    {
        const double g = 1 / (1 - m_tbler);
        const double g2 = (1 + m_tbler) / std::pow(1 - m_tbler, 2); // E[G^2]
        const double s = m_ackDeletes ? g : g + 1;
        const double s2 = m_ackDeletes ? g2 : g2 + 2 * g + 1;
        const double pairs = m_poisson ? m_load * m_load : 0; // E[A (A - 1)]
        const double r = m_load * s;
        const double work = (m_load * s2 + pairs * s * s - r) / (2 * (1 - r));
        return work + pairs / (2 * m_load) * s + g;
    }

    void DoRun() override
    {
        constexpr uint32_t SEEDS = 30;
        OfdmaScenario scenario;
        scenario.ttis = 10000;
        scenario.ues = 1;
        scenario.rbgs = 1;
        scenario.bufferCapacity = 65535;
        scenario.tbler = m_tbler;
        scenario.ackDeletes = m_ackDeletes;
        scenario.traffic.Set("Probability", DoubleValue(m_load));
        if (m_poisson)
        {
            scenario.traffic = MakeOfdmaTraffic<OfdmaPoissonTraffic>("Mean", DoubleValue(m_load));
        }
        double sum = 0;
        double squares = 0;
        for (uint64_t seed = 1; seed <= SEEDS; ++seed)
        {
            const double mean = Measure(scenario, seed);
            sum += mean;
            squares += mean * mean;
        }
        const double mean = sum / SEEDS;
        const double error = std::sqrt((squares / SEEDS - mean * mean) / (SEEDS - 1));
        NS_TEST_EXPECT_MSG_LT(error, 0.05 * mean, "the measurement is precise");
        NS_TEST_EXPECT_MSG_EQ_TOL(mean, CalcDelay(), 4 * error + 1e-9, "mean delay");
    }

    /// \return mean delay of the dPDUs of an episode
    double Measure(const OfdmaScenario& scenario, uint64_t seed)
    {
        TestEpisode episode(scenario, {seed});
        auto& cell = episode.Cell();
        m_delays = 0;
        m_deliveries = 0;
        cell.TraceConnectWithoutContext("Delivery", MakeCallback(&OfdmaQueueTestCase::Note, this));
        episode.lead = [](uint32_t) { return std::vector<OfdmaDcm>{{0, OfdmaCodes::ACK}}; };
        episode.follow = [&](uint32_t) -> std::vector<uint16_t> {
            const auto& buffer = cell.GetUes()[0]->buffer;
            const uint16_t access = buffer.GetSize() == 0      ? uint16_t(OfdmaCodes::HOLD)
                                    : buffer.IsHeadDelivered() ? uint16_t(OfdmaCodes::DELETE)
                                                               : uint16_t(OfdmaCodes::TRANSMIT);
            return {cell.GetCodes().Join({access, OfdmaCodes::UCM_NULL})};
        };
        episode.Run();
        return double(m_delays) / m_deliveries;
    }

    /// A dPDU was delivered.
    void Note(uint32_t /* ue */, uint32_t delay)
    {
        m_delays += delay;
        ++m_deliveries;
    }

    bool m_poisson;           //!< or Bernoulli arrivals
    double m_load;            //!< arrivals per TTI
    double m_tbler;           //!< probability that a block fails
    bool m_ackDeletes;        //!< whether acks delete
    uint64_t m_delays{0};     //!< sum, TTIs
    uint64_t m_deliveries{0}; //!< number
};

/// The suite of queueing theory.
class OfdmaQueueTestSuite : public TestSuite
{
  public:
    OfdmaQueueTestSuite()
        : TestSuite("ofdma-queue")
    {
        AddTestCase(new OfdmaQueueTestCase(false, 0.2, 0, false));
        AddTestCase(new OfdmaQueueTestCase(false, 0.4, 0, false));
        AddTestCase(new OfdmaQueueTestCase(false, 0.3, 0.2, false));
        AddTestCase(new OfdmaQueueTestCase(false, 0.6, 0.2, true));
        AddTestCase(new OfdmaQueueTestCase(true, 0.3, 0, false));
        AddTestCase(new OfdmaQueueTestCase(true, 0.7, 0, true));
        AddTestCase(new OfdmaQueueTestCase(true, 0.5, 0.2, true));
    }
};

static OfdmaQueueTestSuite g_ofdmaQueueTestSuite; //!< the suite
