// SPDX-License-Identifier: GPL-2.0-only
// SINR and block errors of a cell against the uplink of ns-3's own LTE module, as a whole stack.
#include "test-episode.h"

#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/lte-chunk-processor.h>
#include <ns3/lte-enb-net-device.h>
#include <ns3/lte-enb-phy.h>
#include <ns3/lte-enb-rrc.h>
#include <ns3/lte-helper.h>
#include <ns3/lte-spectrum-phy.h>
#include <ns3/lte-spectrum-value-helper.h>
#include <ns3/lte-ue-net-device.h>
#include <ns3/lte-ue-phy.h>
#include <ns3/mobility-helper.h>
#include <ns3/position-allocator.h>
#include <ns3/string.h>
#include <ns3/test.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace ns3;

namespace
{

/// What a receiver made of the blocks of one MCS.
struct Blocks
{
    double sinr{0};     //!< sum, linear, of the means over the RBs
    uint32_t number{0}; //!< of blocks
    uint32_t errors{0}; //!< of them
};

/**
 * UE 1 sends to a BS on all RBs, all the time, and so does UE 2, at the same power from farther
 * away. For LTE UE 2 belongs to another cell, since a cell does not give an RB to two UEs.
 *
 * LTE's scheduler chooses the MCS by the sounding of UE 1, which that of UE 2 does not meet, so
 * that the MCS is too high for the data, and blocks fail.
 */
class OfdmaLteOracleTestCase : public TestCase
{
  public:
    /**
     * \param model loss model
     * \param near where UE 1 is, m from the BS
     * \param far where UE 2 is, m from the BS
     */
    OfdmaLteOracleTestCase(const OfdmaModelSpec& model, double near, double far)
        : TestCase("against LTE's uplink: " + model.typeId + ", UEs at " + std::to_string(near) +
                   " m and " + std::to_string(far) + " m"),
          m_model(model),
          m_near(near, 0, 1.5),
          m_far(0, far, 1.5)
    {
    }

  private:
    void DoRun() override
    {
        const auto lte = RunLte();
        const auto most =
            std::max_element(lte.begin(), lte.end(), [](const auto& a, const auto& b) {
                return a.second.number < b.second.number;
            });
        NS_TEST_ASSERT_MSG_EQ((most != lte.end()), true, "blocks were sent");
        const auto& [mcs, theirs] = *most;
        const Blocks ours = RunOurs(mcs);
        NS_TEST_EXPECT_MSG_EQ_TOL(10 * std::log10(ours.sinr / ours.number),
                                  10 * std::log10(theirs.sinr / theirs.number),
                                  0.1,
                                  "SINR in dB");
        const double p = double(ours.errors) / ours.number;
        const double q = double(theirs.errors) / theirs.number;
        const double error = std::sqrt(p * (1 - p) / ours.number + q * (1 - q) / theirs.number);
        NS_TEST_EXPECT_MSG_EQ_TOL(p, q, 4 * error, "share of blocks that fail");
        NS_TEST_EXPECT_MSG_GT(q, 0.05, "some blocks fail");
        NS_TEST_EXPECT_MSG_LT(q, 0.95, "some blocks are decoded");
    }

    /// \return what LTE's BS decoded of UE 1, by MCS
    std::map<uint32_t, Blocks> RunLte()
    {
        auto lte = CreateObject<LteHelper>();
        lte->SetSchedulerType("ns3::RrFfMacScheduler");
        lte->SetSchedulerAttribute("HarqEnabled", BooleanValue(false));
        lte->SetEnbDeviceAttribute("UlBandwidth", UintegerValue(RBS));
        lte->SetEnbDeviceAttribute("DlBandwidth", UintegerValue(RBS));
        lte->SetEnbDeviceAttribute("UlEarfcn", UintegerValue(EARFCN));
        lte->SetPathlossModelType(TypeId::LookupByName(m_model.typeId));
        for (const auto& [name, value] : m_model.attributes)
        {
            lte->SetPathlossModelAttribute(name, StringValue(value));
        }

        NodeContainer enbs(2);
        NodeContainer ues(2);
        MobilityHelper mobility;
        auto places = CreateObject<ListPositionAllocator>();
        for (const Vector& place :
             {Vector(0, 0, BS_HEIGHT), Vector(0, m_far.y + 100, BS_HEIGHT), m_near, m_far})
        {
            places->Add(place);
        }
        mobility.SetPositionAllocator(places);
        mobility.Install(enbs);
        mobility.Install(ues);
        const auto enbDevices = lte->InstallEnbDevice(enbs);
        const auto ueDevices = lte->InstallUeDevice(ues);
        lte->AssignStreams(enbDevices, 1000);
        lte->AssignStreams(ueDevices, 2000);
        for (uint32_t i = 0; i < 2; ++i)
        {
            const auto enb = DynamicCast<LteEnbNetDevice>(enbDevices.Get(i));
            enb->GetPhy()->SetNoiseFigure(NOISE_FIGURE);
            enb->GetRrc()->SetAttribute("SrsPeriodicity", UintegerValue(i == 0 ? 10 : 320));
            const auto ue = DynamicCast<LteUeNetDevice>(ueDevices.Get(i));
            ue->GetPhy()->SetTxPower(TX_POWER);
            ue->GetPhy()->SetAttribute("EnableUplinkPowerControl", BooleanValue(false));
            lte->Attach(ueDevices.Get(i), enbDevices.Get(i));
            lte->ActivateDataRadioBearer(ueDevices.Get(i),
                                         EpsBearer(EpsBearer::NGBR_VIDEO_TCP_DEFAULT));
        }

        std::map<uint32_t, Blocks> blocks;
        double sinr = 0;
        const auto bs =
            DynamicCast<LteEnbNetDevice>(enbDevices.Get(0))->GetPhy()->GetUplinkSpectrumPhy();
        auto processor = Create<LteChunkProcessor>();
        processor->AddCallback(Callback<void, const SpectrumValue&>(
            [&](const SpectrumValue& value) { sinr = Sum(value) / RBS; }));
        bs->AddDataSinrChunkProcessor(processor);
        const auto note = [&](PhyReceptionStatParameters block) {
            if (Simulator::Now() > MilliSeconds(SETTLED_MS))
            {
                auto& those = blocks[block.m_mcs];
                those.sinr += sinr;
                ++those.number;
                those.errors += block.m_correctness == 0;
            }
        };
        bs->TraceConnectWithoutContext("UlPhyReception",
                                       Callback<void, PhyReceptionStatParameters>(note));
        Simulator::Stop(MilliSeconds(SETTLED_MS + TTIS));
        Simulator::Run();
        Simulator::Destroy();
        return blocks;
    }

    /// \return what our BS decoded of UE 0 at an MCS
    Blocks RunOurs(uint32_t mcs)
    {
        OfdmaScenario scenario;
        scenario.ues = 2;
        scenario.rbgs = 1;
        scenario.rbsPerRbg = RBS;
        scenario.ttis = TTIS;
        scenario.mcs = mcs;
        scenario.carrierFrequency = LteSpectrumValueHelper::GetCarrierFrequency(EARFCN);
        scenario.txPower = TX_POWER;
        scenario.noiseFigure = NOISE_FIGURE;
        scenario.bsHeight = BS_HEIGHT;
        scenario.positions = {m_near, m_far};
        scenario.channel = {m_model};
        scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
        scenario.traffic.Set("Probability", DoubleValue(1));
        TestEpisode episode(scenario);
        Blocks blocks;
        const auto note = [&](uint32_t ue, uint32_t, double sinr, bool decoded) {
            NS_TEST_EXPECT_MSG_EQ(ue, 0, "the nearer UE is the stronger one");
            blocks.sinr += sinr;
            ++blocks.number;
            blocks.errors += !decoded;
        };
        episode.Cell().GetBs()->TraceConnectWithoutContext(
            "Decode",
            Callback<void, uint32_t, uint32_t, double, bool>(note));
        const uint16_t transmit = episode.Cell().GetCodes().Join({OfdmaCodes::TRANSMIT, 0});
        episode.follow = [&](uint32_t) { return std::vector<uint16_t>(2, transmit); };
        episode.Run();
        return blocks;
    }

    static constexpr uint32_t RBS = 6;          //!< LTE's narrowest band
    static constexpr uint32_t EARFCN = 18100;   //!< 1930 MHz
    static constexpr double TX_POWER = 10;      //!< of both UEs, dBm
    static constexpr double NOISE_FIGURE = 5;   //!< of the BS, dB
    static constexpr double BS_HEIGHT = 25;     //!< m
    static constexpr uint32_t SETTLED_MS = 500; //!< LTE's UEs are connected by then
    static constexpr uint32_t TTIS = 4000;      //!< measured

    OfdmaModelSpec m_model; //!< loss model
    Vector m_near;          //!< UE 1
    Vector m_far;           //!< UE 2
};

} // namespace

/// The suite of LTE.
class OfdmaLteOracleTestSuite : public TestSuite
{
  public:
    OfdmaLteOracleTestSuite()
        : TestSuite("ofdma-lte-oracle")
    {
        const OfdmaModelSpec logDistance{"ns3::LogDistancePropagationLossModel",
                                         {{"Exponent", "3.76"}, {"ReferenceLoss", "15.3"}}};
        const OfdmaModelSpec friis{"ns3::FriisPropagationLossModel", {{"Frequency", "1.93e9"}}};
        const OfdmaModelSpec uma{
            "ns3::ThreeGppUmaPropagationLossModel",
            {{"ShadowingEnabled", "false"},
             {"ChannelConditionModel", "ns3::AlwaysLosChannelConditionModel"}}};
        AddTestCase(new OfdmaLteOracleTestCase(logDistance, 200, 395));
        AddTestCase(new OfdmaLteOracleTestCase(friis, 2000, 5850));
        AddTestCase(new OfdmaLteOracleTestCase(uma, 500, 1340));
    }
};

static OfdmaLteOracleTestSuite g_ofdmaLteOracleTestSuite; //!< the suite
