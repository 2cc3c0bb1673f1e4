// SPDX-License-Identifier: GPL-2.0-only
#include "test-episode.h"
#include "watched-agents.h"

#include <ns3/ofdma-transport-block.h>
#include <ns3/test.h>

#include <algorithm>
#include <map>

using namespace ns3;

namespace
{

/// \return an application of a type for all UEs
OfdmaApplicationSpec
MakeApplication(const std::string& type, OfdmaModelSpec::Attributes attributes)
{
    OfdmaApplicationSpec application;
    application.model = {type, std::move(attributes)};
    return application;
}

/// \return two UEs with two RBGs, buffers for about 100 packets, and no errors
OfdmaScenario
CreateScenario()
{
    OfdmaScenario scenario;
    scenario.ttis = 1000;
    scenario.ues = 2;
    scenario.rbgs = 2;
    scenario.rbsPerRbg = 12;
    scenario.mcs = 16;
    scenario.bufferCapacity = 400;
    scenario.ackDeletes = true;
    scenario.tbler = 0;
    scenario.internet.emplace();
    return scenario;
}

/// A cell with UEs that each have an RBG, and a BS that acknowledges all.
class Collisionless : public TestEpisode
{
  public:
    explicit Collisionless(const OfdmaScenario& scenario, const std::vector<uint64_t>& seeds = {1})
        : TestEpisode(scenario, seeds, false, true)
    {
    }

    bool Lead(uint32_t tti) override
    {
        for (const auto& cell : cells)
        {
            std::vector<OfdmaDcm> acks;
            for (const auto& ue : cell->GetUes())
            {
                acks.push_back({ue->id, OfdmaCodes::ACK});
            }
            observe(tti);
            cell->SendDcms(acks.data(), acks.size());
        }
        return true;
    }

    bool Follow(uint32_t /* tti */) override
    {
        for (const auto& cell : cells)
        {
            std::vector<uint16_t> actions;
            uint16_t rbg = 0;
            for (const auto& ue : cell->GetUes())
            {
                const uint16_t access = ue->buffer.GetUndelivered() > 0
                                            ? uint16_t(OfdmaCodes::TRANSMIT + rbg)
                                            : uint16_t(OfdmaCodes::HOLD);
                actions.push_back(cell->GetCodes().Join({access, OfdmaCodes::UCM_NULL}));
                rbg = (rbg + 1) % cell->GetCodes().GetRbgs();
            }
            cell->Act(actions.data());
        }
        return true;
    }
};

/// \return the IP side of a cell
Ptr<OfdmaInternet>
GetInternet(const OfdmaCell& cell)
{
    return cell.GetObject<OfdmaInternet>();
}

/// \return bytes that FlowMonitor saw arrive at the BS
uint64_t
SumUplinkBytes(const std::vector<OfdmaFlow>& flows)
{
    uint64_t bytes = 0;
    for (const auto& flow : flows)
    {
        bytes += flow.destination == OfdmaFlow::BS ? flow.counters.rxBytes : 0;
    }
    return bytes;
}

/// UDP at a load under capacity: every number follows by hand.
class OfdmaUdpTestCase : public TestCase
{
  public:
    OfdmaUdpTestCase()
        : TestCase("UDP under capacity loses nothing")
    {
    }

  private:
    void DoRun() override
    {
        // 1000 bytes, 28 of headers, every 5 ms, the last by TTI 900: 3 dPDUs of 451 bytes each.
        auto scenario = CreateScenario();
        auto client =
            MakeApplication("ns3::UdpClient",
                            {{"PacketSize", "1000"}, {"Interval", "5ms"}, {"MaxPackets", "1000"}});
        client.startTti = 10;
        client.stopTti = 900;
        scenario.internet->applications = {client};
        const uint32_t payload =
            GetOfdmaTransportBlockBits(scenario.mcs, scenario.rbsPerRbg) / 8 - 2;
        NS_TEST_ASSERT_MSG_EQ((payload > 1028 / 3 && payload < 1028 / 2), true, "3 dPDUs each");
        Collisionless episode(scenario);
        uint64_t arrived = 0;
        uint64_t delivered = 0;
        episode.observe = [&](uint32_t tti) {
            const auto count = [&](OfdmaCounter counter) {
                return tti == 0 ? 0
                                : episode.Cell().GetLastCounters()[static_cast<size_t>(counter)];
            };
            arrived += count(OfdmaCounter::ARRIVED);
            delivered += count(OfdmaCounter::DELIVERED);
        };
        episode.Run();
        const auto internet = GetInternet(episode.Cell());
        const auto flows = internet->GetFlows();
        NS_TEST_ASSERT_MSG_EQ(flows.size(), 2, "one flow for each UE");
        for (int32_t ue = 0; ue < 2; ++ue)
        {
            const auto& flow = flows[ue];
            NS_TEST_EXPECT_MSG_EQ(flow.source, ue, "source");
            NS_TEST_EXPECT_MSG_EQ(flow.destination, -1, "destination");
            NS_TEST_EXPECT_MSG_EQ(flow.application, 0, "application");
            NS_TEST_EXPECT_MSG_EQ(int(flow.protocol), 17, "UDP");
            NS_TEST_EXPECT_MSG_EQ(flow.counters.txPackets, 178, "890 ms, one every 5 ms");
            NS_TEST_EXPECT_MSG_EQ(flow.counters.rxPackets, 178, "received");
            NS_TEST_EXPECT_MSG_EQ(flow.counters.lostPackets, 0, "lost");
            NS_TEST_EXPECT_MSG_EQ(flow.counters.rxBytes, 178 * 1028, "with headers");
            NS_TEST_EXPECT_MSG_EQ(flow.payloadBytes, 178 * 1000, "without headers");
            // Sent just before a boundary, and 3 TTIs in the buffer; the first just after one.
            NS_TEST_EXPECT_MSG_EQ(flow.counters.delaySum, MilliSeconds(177 * 3 + 4), "delay");
            NS_TEST_EXPECT_MSG_EQ(flow.counters.jitterSum, MilliSeconds(1), "jitter");
        }
        NS_TEST_EXPECT_MSG_EQ(arrived, 2 * 178 * 3, "dPDUs arrived");
        NS_TEST_EXPECT_MSG_EQ(delivered, 2 * 178 * 3, "dPDUs delivered");
        NS_TEST_EXPECT_MSG_EQ(internet->GetReassembled().dpdus, 2 * 178 * 3, "reassembled");
        NS_TEST_EXPECT_MSG_EQ(internet->GetReassembled().bytes, 2 * 178 * 1028, "bytes");
        NS_TEST_EXPECT_MSG_GT_OR_EQ(episode.Cell().GetBound(), delivered, "open loop: a bound");
    }
};

/// TCP uplink and downlink: all that is sent is received, and the links are shared.
class OfdmaTcpTestCase : public TestCase
{
  public:
    OfdmaTcpTestCase()
        : TestCase("TCP bulk flows finish and share")
    {
    }

  private:
    void DoRun() override
    {
        auto scenario = CreateScenario();
        scenario.ttis = 4000;
        auto up = MakeApplication("ns3::BulkSendApplication", {{"MaxBytes", "300000"}});
        auto down = up;
        down.downlink = true;
        down.model.attributes["MaxBytes"] = "100000";
        scenario.internet->applications = {up, down};
        Collisionless episode(scenario);
        episode.Run();
        const auto flows = GetInternet(episode.Cell())->GetFlows();
        NS_TEST_ASSERT_MSG_EQ(flows.size(), 8, "2 UEs, 2 connections each, 2 directions each");
        std::map<uint32_t, std::vector<double>> ends; // of the data, by application
        for (const auto& flow : flows)
        {
            const bool data = (flow.destination == OfdmaFlow::BS) == (flow.application == 0);
            const uint64_t size = flow.application == 0 ? 300000 : 100000;
            NS_TEST_EXPECT_MSG_EQ(int(flow.protocol), 6, "TCP");
            NS_TEST_EXPECT_MSG_EQ(flow.payloadBytes, (data ? size : 0), "finished");
            if (data)
            {
                ends[flow.application].push_back(flow.counters.timeLastRxPacket.GetSeconds());
            }
        }
        for (const auto& [application, times] : ends)
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(times[0], times[1], 0.2 * times[0], "shared alike");
        }
        NS_TEST_EXPECT_MSG_EQ(SumUplinkBytes(flows),
                              GetInternet(episode.Cell())->GetReassembled().bytes,
                              "what FlowMonitor received is what the BS reassembled");
        NS_TEST_EXPECT_MSG_EQ(std::isnan(episode.Cell().GetBound()), true, "closed loop: no bound");
    }
};

/// Random agents, errors, drops, joins and leaves: all accounts agree in each TTI.
class OfdmaInternetAccountsTestCase : public TestCase
{
  public:
    OfdmaInternetAccountsTestCase()
        : TestCase("accounts with random agents, losses and churn")
    {
    }

  private:
    void DoRun() override
    {
        for (uint64_t seed = 1; seed <= 5; ++seed)
        {
            RunSeed(seed);
        }
    }

    /// Check one run.
    void RunSeed(uint64_t seed)
    {
        auto scenario = CreateScenario();
        scenario.ttis = 600;
        scenario.ues = 4;
        scenario.tbler = 0.2;
        scenario.bufferCapacity = 12;
        scenario.churn = {{100, 2, {1}}, {300, 1, {0, 4}}};
        auto random = MakeApplication("ns3::OnOffApplication",
                                      {{"OnTime", "ns3::ExponentialRandomVariable[Mean=0.02]"},
                                       {"OffTime", "ns3::ExponentialRandomVariable[Mean=0.02]"},
                                       {"DataRate", "6Mbps"},
                                       {"PacketSize", "700"}});
        auto down = random;
        down.downlink = true;
        auto bulk = MakeApplication("ns3::BulkSendApplication", {});
        bulk.ues = {0, 2, 4, 6};
        scenario.internet->applications = {random, down, bulk};
        TestEpisode episode(scenario, {seed});
        auto& cell = episode.Cell();
        std::map<OfdmaCounter, int64_t> totals;
        WatchedAgents agents(episode.cells, [&](uint32_t tti) {
            if (tti == 0)
            {
                return;
            }
            for (std::size_t i = 0; i < cell.GetLastCounters().size(); ++i)
            {
                totals[static_cast<OfdmaCounter>(i)] += cell.GetLastCounters()[i];
            }
            const auto backlog =
                cell.GetLastCounters()[static_cast<std::size_t>(OfdmaCounter::BACKLOG)];
            NS_TEST_ASSERT_MSG_EQ(totals[OfdmaCounter::ARRIVED],
                                  totals[OfdmaCounter::DELIVERED] + totals[OfdmaCounter::LOST] +
                                      totals[OfdmaCounter::DROPPED] +
                                      totals[OfdmaCounter::DISCARDED] + backlog,
                                  "end of TTI " << tti - 1);
        });
        episode.Run(agents);
        const auto internet = GetInternet(cell);
        const auto flows = internet->GetFlows();
        uint64_t received = 0;
        uint64_t lost = 0;
        for (const auto& flow : flows)
        {
            NS_TEST_EXPECT_MSG_GT_OR_EQ(flow.counters.txPackets,
                                        flow.counters.rxPackets + flow.counters.lostPackets,
                                        "sent, received, lost and on their way");
            received += flow.counters.rxPackets;
            lost += flow.counters.lostPackets;
        }
        NS_TEST_EXPECT_MSG_EQ(SumUplinkBytes(flows), internet->GetReassembled().bytes, "bytes");
        NS_TEST_EXPECT_MSG_GT_OR_EQ(totals[OfdmaCounter::DELIVERED],
                                    int64_t(internet->GetReassembled().dpdus),
                                    "dPDUs of whole packets are delivered ones");
        for (const auto counter :
             {OfdmaCounter::LOST, OfdmaCounter::DROPPED, OfdmaCounter::DISCARDED})
        {
            NS_TEST_EXPECT_MSG_GT(totals[counter], 0, "counter " << int(counter));
        }
        NS_TEST_EXPECT_MSG_GT(received, 0, "received");
        NS_TEST_EXPECT_MSG_GT(lost, 0, "lost");
    }
};

/// An environment is the same alone, again, and among others.
class OfdmaInternetRepeatTestCase : public TestCase
{
  public:
    OfdmaInternetRepeatTestCase()
        : TestCase("the same seed, the same packets, whoever else is in the process")
    {
    }

  private:
    void DoRun() override
    {
        const auto alone = Record({7}, 0);
        NS_TEST_EXPECT_MSG_EQ(alone.empty(), false, "packets");
        NS_TEST_EXPECT_MSG_EQ((alone == Record({7}, 0)), true, "again");
        NS_TEST_EXPECT_MSG_EQ((alone == Record({8, 7, 9}, 1)), true, "among others");
        NS_TEST_EXPECT_MSG_EQ((alone == Record({8}, 0)), false, "another seed");
    }

    /// Simulate environments with these seeds. \return what the flows of one of them were
    std::vector<std::vector<int64_t>> Record(const std::vector<uint64_t>& seeds, std::size_t which)
    {
        auto scenario = CreateScenario();
        scenario.ttis = 500;
        scenario.tbler = 0.1;
        scenario.churn = {{100, 1, {0}}};
        auto random = MakeApplication("ns3::OnOffApplication",
                                      {{"OnTime", "ns3::ExponentialRandomVariable[Mean=0.02]"},
                                       {"OffTime", "ns3::ExponentialRandomVariable[Mean=0.02]"},
                                       {"DataRate", "1Mbps"}});
        random.jitterTtis = 50;
        scenario.internet->applications = {random, MakeApplication("ns3::BulkSendApplication", {})};
        Collisionless episode(scenario, seeds);
        episode.Run();
        std::vector<std::vector<int64_t>> flows;
        for (const auto& flow : GetInternet(*episode.cells[which])->GetFlows())
        {
            const auto& counters = flow.counters;
            flows.push_back({flow.source,
                             flow.destination,
                             flow.sourcePort,
                             int64_t(counters.txBytes),
                             int64_t(counters.rxBytes),
                             counters.lostPackets,
                             counters.delaySum.GetTimeStep(),
                             counters.timeFirstTxPacket.GetTimeStep()});
        }
        return flows;
    }
};

} // namespace

/// The suite of IP over the MAC.
class OfdmaInternetTestSuite : public TestSuite
{
  public:
    OfdmaInternetTestSuite()
        : TestSuite("ofdma-internet")
    {
        AddTestCase(new OfdmaUdpTestCase);
        AddTestCase(new OfdmaTcpTestCase);
        AddTestCase(new OfdmaInternetAccountsTestCase);
        AddTestCase(new OfdmaInternetRepeatTestCase);
    }
};

static OfdmaInternetTestSuite g_ofdmaInternetTestSuite; //!< the suite
