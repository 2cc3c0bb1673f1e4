// SPDX-License-Identifier: GPL-2.0-only
// The cell as ns-3's own LTE module simulates it, to compare its speed with that of cell-random:
// one eNB with a round-robin scheduler, UEs that always have something to send (RLC saturation
// mode), no core network.
//   lte-uplink-rival --ues=64 --rbs=50 --channel=ns3::ThreeGppUmaPropagationLossModel
// It is timed once all UEs are connected, and its downlink carries control but no data: both to its
// advantage.
#include <ns3/channel-condition-model.h>
#include <ns3/command-line.h>
#include <ns3/config.h>
#include <ns3/double.h>
#include <ns3/lte-enb-net-device.h>
#include <ns3/lte-enb-phy.h>
#include <ns3/lte-enb-rrc.h>
#include <ns3/lte-helper.h>
#include <ns3/lte-radio-bearer-info.h>
#include <ns3/lte-rlc.h>
#include <ns3/lte-spectrum-phy.h>
#include <ns3/mobility-helper.h>
#include <ns3/object-map.h>
#include <ns3/pointer.h>
#include <ns3/position-allocator.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include <chrono>
#include <iostream>

using namespace ns3;

namespace
{

/// A MAC towards which an RLC entity has nothing to send.
class SilentMac : public LteMacSapProvider
{
  public:
    void TransmitPdu(TransmitPduParameters /* params */) override
    {
    }

    void ReportBufferStatus(ReportBufferStatusParameters /* params */) override
    {
    }
};

/// Place UEs in a ring around the eNB, as a cell of ours does.
void
Place(const NodeContainer& enb, const NodeContainer& ues)
{
    MobilityHelper mobility;
    mobility.SetMobilityModel("ns3::ConstantPositionMobilityModel");
    auto mast = CreateObject<ListPositionAllocator>();
    mast->Add(Vector(0, 0, 25));
    mobility.SetPositionAllocator(mast);
    mobility.Install(enb);
    mobility.SetPositionAllocator("ns3::RandomDiscPositionAllocator",
                                  "Rho",
                                  StringValue("ns3::UniformRandomVariable[Min=35|Max=500]"),
                                  "Z",
                                  DoubleValue(1.5));
    mobility.Install(ues);
}

/// Run until all UEs are connected.
void
Connect(Ptr<LteEnbRrc> rrc, uint32_t ues)
{
    uint32_t connected = 0;
    const auto note = [&](uint64_t, uint16_t, uint16_t) {
        if (++connected == ues)
        {
            Simulator::Stop();
        }
    };
    rrc->TraceConnectWithoutContext("ConnectionEstablished",
                                    Callback<void, uint64_t, uint16_t, uint16_t>(note));
    Simulator::Stop(Seconds(10));
    Simulator::Run();
    NS_ABORT_MSG_UNLESS(connected == ues, connected << " of " << ues << " UEs are connected");
}

/// \return the objects that an attribute holds
std::vector<Ptr<Object>>
GetObjects(Ptr<Object> object, const std::string& attribute)
{
    ObjectMapValue map;
    object->GetAttribute(attribute, map);
    std::vector<Ptr<Object>> objects;
    for (auto i = map.Begin(); i != map.End(); ++i)
    {
        objects.push_back(i->second);
    }
    return objects;
}

/// Leave the eNB without data to send.
void
SilenceDownlink(Ptr<LteEnbRrc> rrc, SilentMac& mac)
{
    for (const auto& ue : GetObjects(rrc, "UeMap"))
    {
        for (const auto& bearer : GetObjects(ue, "DataRadioBearerMap"))
        {
            DynamicCast<LteDataRadioBearerInfo>(bearer)->m_rlc->SetLteMacSapProvider(&mac);
        }
    }
}

} // namespace

int
main(int argc, char* argv[])
{
    uint32_t ueCount = 8;
    uint32_t rbs = 15;
    uint32_t ttis = 2000;
    std::string channel = "ns3::LogDistancePropagationLossModel";

    CommandLine cmd(__FILE__);
    cmd.AddValue("ues", "UEs", ueCount);
    cmd.AddValue("rbs", "Bandwidth in RBs: 6, 15, 25, 50, 75 or 100", rbs);
    cmd.AddValue("ttis", "TTIs to simulate", ttis);
    cmd.AddValue("channel", "TypeId of the path loss", channel);
    cmd.Parse(argc, argv);

    // 320 UEs, the most that the LTE module admits, need the longest period of sounding.
    Config::SetDefault("ns3::LteEnbRrc::SrsPeriodicity", UintegerValue(ueCount <= 30 ? 40 : 320));
    Config::SetDefault("ns3::LteEnbPhy::TxPower", DoubleValue(46));
    Config::SetDefault("ns3::LteUePhy::TxPower", DoubleValue(23));
    auto lte = CreateObject<LteHelper>();
    lte->SetSchedulerType("ns3::RrFfMacScheduler");
    lte->SetEnbDeviceAttribute("DlBandwidth", UintegerValue(rbs));
    lte->SetEnbDeviceAttribute("UlBandwidth", UintegerValue(rbs));
    lte->SetPathlossModelType(TypeId::LookupByName(channel));
    if (channel == "ns3::ThreeGppUmaPropagationLossModel")
    {
        lte->SetPathlossModelAttribute(
            "ChannelConditionModel",
            PointerValue(CreateObject<ThreeGppUmaChannelConditionModel>()));
    }

    NodeContainer enb(1);
    NodeContainer ues(ueCount);
    Place(enb, ues);
    const auto enbDevices = lte->InstallEnbDevice(enb);
    const auto ueDevices = lte->InstallUeDevice(ues);
    lte->Attach(ueDevices, enbDevices.Get(0));
    lte->ActivateDataRadioBearer(ueDevices, EpsBearer(EpsBearer::NGBR_VIDEO_TCP_DEFAULT));

    const auto rrc = DynamicCast<LteEnbNetDevice>(enbDevices.Get(0))->GetRrc();
    SilentMac silent;
    Connect(rrc, ueCount);
    SilenceDownlink(rrc, silent);
    Simulator::Stop(MilliSeconds(100));
    Simulator::Run();

    uint64_t blocks = 0;
    uint64_t bytes = 0;
    const auto count = [&](PhyReceptionStatParameters block) {
        ++blocks;
        bytes += block.m_size;
    };
    const auto device = DynamicCast<LteEnbNetDevice>(enbDevices.Get(0));
    device->GetPhy()->GetUplinkSpectrumPhy()->TraceConnectWithoutContext(
        "UlPhyReception",
        Callback<void, PhyReceptionStatParameters>(count));

    const auto start = std::chrono::steady_clock::now();
    Simulator::Stop(MilliSeconds(ttis));
    Simulator::Run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::cout << "TTIs/s              " << ttis / elapsed.count() << "\nblocks per TTI      "
              << double(blocks) / ttis << "\nbits per TTI        " << 8. * bytes / ttis
              << std::endl;

    Simulator::Destroy();
    return 0;
}
