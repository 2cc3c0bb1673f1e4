// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-internet.h"

#include <ns3/inet-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-flow-probe.h>
#include <ns3/ipv4.h>
#include <ns3/pointer.h>
#include <ns3/random-variable-stream.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/trace-helper.h>
#include <ns3/uinteger.h>

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaInternet);

namespace
{

const Ipv4Address BS_ADDRESS("10.0.0.1");
const Ipv4Mask MASK("255.0.0.0");

/// \return the address of a UE
Ipv4Address
GetAddress(uint32_t ue)
{
    return Ipv4Address(BS_ADDRESS.Get() + 1 + ue);
}

/// \return TypeId of the transport's sockets that an application uses
std::string
GetTransport(const OfdmaModelSpec& model)
{
    const auto given = model.attributes.find("Protocol");
    if (given != model.attributes.end())
    {
        return given->second;
    }
    TypeId::AttributeInformation protocol;
    return TypeId::LookupByName(model.typeId).LookupAttributeByName("Protocol", &protocol)
               ? protocol.initialValue->SerializeToString(protocol.checker)
               : "ns3::UdpSocketFactory";
}

/// Tell an application where to send.
void
SetRemote(Ptr<Application> application, Ipv4Address address, uint16_t port)
{
    if (!application->SetAttributeFailSafe("Remote",
                                           AddressValue(InetSocketAddress(address, port))))
    {
        application->SetAttribute("RemoteAddress", AddressValue(address));
        application->SetAttribute("RemotePort", UintegerValue(port));
    }
}

/// Let all random variables among the attributes of an application draw from streams of its own.
void
SetStreams(Ptr<Application> application, int64_t stream)
{
    const int64_t end = stream + OfdmaInternet::STREAMS_PER_APPLICATION;
    for (TypeId type = application->GetInstanceTypeId(); type != Object::GetTypeId();
         type = type.GetParent())
    {
        for (std::size_t i = 0; i < type.GetAttributeN(); ++i)
        {
            PointerValue pointer;
            const auto attribute = type.GetAttribute(i);
            if (!DynamicCast<const PointerChecker>(attribute.checker) ||
                !application->GetAttributeFailSafe(attribute.name, pointer))
            {
                continue;
            }
            if (const auto variable = pointer.Get<RandomVariableStream>())
            {
                NS_ABORT_MSG_IF(stream == end, "an application has too many random variables");
                variable->SetStream(stream++);
            }
        }
    }
}

/// The link of a device went down: IP sends nothing more by it.
void
SetInterfaceDown(Ipv4* ipv4, uint32_t interface)
{
    ipv4->SetDown(interface);
}

} // namespace

TypeId
OfdmaInternet::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaInternet")
                            .SetParent<Object>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaInternet>();
    return tid;
}

OfdmaInternet::OfdmaInternet() = default;
OfdmaInternet::~OfdmaInternet() = default;

void
OfdmaInternet::DoDispose()
{
    m_bs = nullptr;
    m_bsDevice = nullptr;
    m_monitor = nullptr;
    m_flows = nullptr;
    Object::DoDispose();
}

void
OfdmaInternet::Configure(OfdmaInternetSpec spec,
                         OfdmaCoin coin,
                         Time tti,
                         uint32_t dpduBits,
                         Ptr<Node> bs)
{
    m_spec = std::move(spec);
    m_coin = coin;
    m_tti = tti;
    m_payload = GetPayload(dpduBits);
    m_bs = bs;
    m_flows = Create<Ipv4FlowClassifier>();
    // A packet that waits long is not lost: what is lost is told by the devices.
    m_monitor = CreateObjectWithAttributes<FlowMonitor>("MaxPerHopDelay", TimeValue(Time::Max()));
    m_monitor->AddFlowClassifier(m_flows);
    m_monitor->StartRightNow();
    Simulator::ScheduleDestroy(&FlowMonitor::Dispose, m_monitor); // after the nodes
    m_bsDevice =
        CreateObjectWithAttributes<OfdmaBsNetDevice>("Delay",
                                                     TimeValue(m_spec.downlinkDelay * tti));
    m_ids[BS_ADDRESS] = OfdmaFlow::BS;
    Install(bs, m_bsDevice, BS_ADDRESS, "bs");
    for (std::size_t i = 0; i < m_spec.applications.size(); ++i)
    {
        if (!m_spec.applications[i].downlink)
        {
            AddSink(i, OfdmaFlow::BS, bs);
        }
    }
}

Ptr<OfdmaTraffic>
OfdmaInternet::Join(uint32_t ue, Ptr<Node> node, int64_t firstStream)
{
    auto device = CreateObject<OfdmaUeNetDevice>();
    device->Configure(m_bsDevice, m_payload);
    const auto address = GetAddress(ue);
    m_ids[address] = static_cast<int32_t>(ue);
    Install(node, device, address, "ue-" + std::to_string(ue));
    const auto ipv4 = node->GetObject<Ipv4>();
    const auto interface = static_cast<uint32_t>(ipv4->GetInterfaceForDevice(device));
    device->AddLinkChangeCallback(
        MakeBoundCallback(&SetInterfaceDown, PeekPointer(ipv4), interface));
    m_bsDevice->AddUe(address, device);
    for (std::size_t i = 0; i < m_spec.applications.size(); ++i)
    {
        const auto& ues = m_spec.applications[i].ues;
        if (ues.empty() || std::count(ues.begin(), ues.end(), ue) > 0)
        {
            AddApplication(i, ue, node, firstStream + i * STREAMS_PER_APPLICATION);
        }
    }
    return CreateObjectWithAttributes<OfdmaIpTraffic>("Device", PointerValue(device));
}

void
OfdmaInternet::Install(Ptr<Node> node,
                       Ptr<OfdmaNetDevice> device,
                       Ipv4Address address,
                       const std::string& name)
{
    InternetStackHelper stack;
    stack.SetIpv6StackInstall(false);
    stack.Install(node);
    node->AddDevice(device);
    auto ipv4 = node->GetObject<Ipv4>();
    const uint32_t interface = ipv4->AddInterface(device);
    ipv4->AddAddress(interface, Ipv4InterfaceAddress(address, MASK));
    ipv4->SetUp(interface);
    Create<Ipv4FlowProbe>(m_monitor, m_flows, node);
    if (!m_spec.captures.empty())
    {
        PcapHelper pcap;
        auto file =
            pcap.CreateFile(m_spec.captures + name + ".pcap", std::ios::out, PcapHelper::DLT_RAW);
        pcap.HookDefaultSink<OfdmaNetDevice>(device, "PromiscSniffer", file);
    }
}

void
OfdmaInternet::AddApplication(std::size_t index, uint32_t ue, Ptr<Node> node, int64_t firstStream)
{
    const auto& spec = m_spec.applications[index];
    const double coin = m_coin.Toss(OfdmaCoin::APPLICATION_START, ue, index);
    const auto jitter = static_cast<uint32_t>(coin * (uint64_t(spec.jitterTtis) + 1));
    const Time now = Simulator::Now();
    const Time start = Max(now, spec.startTti * m_tti) + jitter * m_tti;
    const Time stop = spec.stopTti * m_tti;
    if (spec.stopTti > 0 && stop <= start)
    {
        return;
    }
    if (spec.downlink)
    {
        AddSink(index, static_cast<int32_t>(ue), node);
    }
    auto application = CreateOfdmaModel<Application>(spec.model);
    SetStreams(application, firstStream);
    SetRemote(application, spec.downlink ? GetAddress(ue) : BS_ADDRESS, FIRST_PORT + index);
    application->SetStartTime(start - now); // both count from the moment of installation
    if (spec.stopTti > 0)
    {
        application->SetStopTime(stop - now);
    }
    (spec.downlink ? m_bs : node)->AddApplication(application);
}

void
OfdmaInternet::AddSink(std::size_t index, int32_t destination, Ptr<Node> node)
{
    const InetSocketAddress local(Ipv4Address::GetAny(), FIRST_PORT + index);
    auto sink = CreateOfdmaModel<Application>(
        {"ns3::PacketSink", {{"Protocol", GetTransport(m_spec.applications[index].model)}}});
    sink->SetAttribute("Local", AddressValue(local));
    sink->TraceConnectWithoutContext("Rx",
                                     MakeBoundCallback(&OfdmaInternet::CountPayload,
                                                       this,
                                                       static_cast<uint32_t>(index),
                                                       destination));
    node->AddApplication(sink);
}

void
OfdmaInternet::CountPayload(OfdmaInternet* internet,
                            uint32_t application,
                            int32_t destination,
                            Ptr<const Packet> packet,
                            const Address& from)
{
    const int32_t source = internet->m_ids.at(InetSocketAddress::ConvertFrom(from).GetIpv4());
    internet->m_payloadBytes[{application, source, destination}] += packet->GetSize();
}

int64_t
OfdmaInternet::GetStreams(const OfdmaInternetSpec& spec)
{
    return static_cast<int64_t>(spec.applications.size()) * STREAMS_PER_APPLICATION;
}

uint32_t
OfdmaInternet::GetPayload(uint32_t dpduBits)
{
    const uint32_t bytes = dpduBits / 8;
    return bytes > OfdmaSegmentQueue::HEADER_BYTES ? bytes - OfdmaSegmentQueue::HEADER_BYTES : 0;
}

bool
OfdmaInternet::IsClosedLoop(const OfdmaInternetSpec& spec)
{
    return std::any_of(spec.applications.begin(), spec.applications.end(), [](const auto& each) {
        return GetTransport(each.model) != "ns3::UdpSocketFactory";
    });
}

std::vector<OfdmaFlow>
OfdmaInternet::GetFlows() const
{
    std::vector<OfdmaFlow> flows;
    for (const auto& [id, counters] : m_monitor->GetFlowStats())
    {
        const auto tuple = m_flows->FindFlow(id);
        const uint16_t last = FIRST_PORT + m_spec.applications.size();
        const bool forth = tuple.destinationPort >= FIRST_PORT && tuple.destinationPort < last;
        const uint16_t port = forth ? tuple.destinationPort : tuple.sourcePort;
        OfdmaFlow flow{uint32_t(port) - FIRST_PORT,
                       m_ids.at(tuple.sourceAddress),
                       m_ids.at(tuple.destinationAddress),
                       tuple.protocol,
                       tuple.sourcePort,
                       tuple.destinationPort,
                       counters,
                       0};
        const auto bytes = m_payloadBytes.find({flow.application, flow.source, flow.destination});
        if (forth && bytes != m_payloadBytes.end())
        {
            flow.payloadBytes = bytes->second;
        }
        flows.push_back(flow);
    }
    return flows;
}

const OfdmaReassembled&
OfdmaInternet::GetReassembled() const
{
    return m_bsDevice->GetReassembled();
}

} // namespace ns3
