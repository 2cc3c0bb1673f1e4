// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_INTERNET_H
#define OFDMA_INTERNET_H

#include <ns3/application.h>
#include <ns3/flow-monitor.h>
#include <ns3/ipv4-flow-classifier.h>
#include <ns3/node.h>
#include <ns3/ofdma-bs-net-device.h>
#include <ns3/ofdma-coin.h>
#include <ns3/ofdma-ip-traffic.h>
#include <ns3/ofdma-model-spec.h>

#include <map>
#include <string>
#include <vector>

namespace ns3
{

/// An application that runs at UEs, or at the BS for each of them; a sink is at the other end.
struct OfdmaApplicationSpec
{
    OfdmaModelSpec model;      //!< an ns3::Application that sends
    std::vector<uint32_t> ues; //!< ids of the UEs; none: all
    bool downlink{false};      //!< from the BS to the UE
    uint32_t startTti{0};      //!< the earliest TTI at which it starts
    uint32_t stopTti{0};       //!< at which it stops; 0: never
    uint32_t jitterTtis{0};    //!< starts later by 0 to this many TTIs, drawn for each UE
};

/// The IP traffic of a cell.
struct OfdmaInternetSpec
{
    std::vector<OfdmaApplicationSpec> applications; //!< in the order of their ports
    uint32_t downlinkDelay{4};                      //!< TTIs
    std::string captures;                           //!< prefix of pcap files; empty: none
};

/// A flow, one direction of a connection, as FlowMonitor saw it.
struct OfdmaFlow
{
    static constexpr int32_t BS = -1; //!< source or destination

    uint32_t application;            //!< whose it is, or whose packets it acknowledges
    int32_t source;                  //!< id of a UE, or BS
    int32_t destination;             //!< id of a UE, or BS
    uint8_t protocol;                //!< 6: TCP, 17: UDP
    uint16_t sourcePort;             //!< port
    uint16_t destinationPort;        //!< port
    FlowMonitor::FlowStats counters; //!< IP packets, headers included
    uint64_t payloadBytes;           //!< that the sink received, without headers and repetitions
};

/**
 * \ingroup ofdma-mac
 * \brief The IP side of a cell: the stack on the nodes, applications, FlowMonitor and captures
 *
 * Aggregated to its OfdmaCell. The BS has the address 10.0.0.1, UE i that which is i + 1 after it.
 * The sinks of application a listen to port FIRST_PORT + a. All that is drawn comes from the coin.
 */
class OfdmaInternet : public Object
{
  public:
    static constexpr uint16_t FIRST_PORT = 5000;          //!< of the sinks
    static constexpr uint32_t MOST_APPLICATIONS = 256;    //!< one port each
    static constexpr int64_t STREAMS_PER_APPLICATION = 8; //!< random streams

    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaInternet();
    ~OfdmaInternet() override;

    /**
     * \param spec of the traffic
     * \param coin of the environment
     * \param tti duration of a TTI
     * \param dpduBits bits of a dPDU
     * \param bs node of the BS
     */
    void Configure(OfdmaInternetSpec spec,
                   OfdmaCoin coin,
                   Time tti,
                   uint32_t dpduBits,
                   Ptr<Node> bs);

    /**
     * A UE joins: it gets a device, a stack and its applications. Seed and run of RngSeedManager
     * must be those of the environment.
     * \param ue its id
     * \param node its node
     * \param firstStream first random stream of its applications
     * \return what its device sends
     */
    Ptr<OfdmaTraffic> Join(uint32_t ue, Ptr<Node> node, int64_t firstStream);

    /// \return random streams that the applications of a UE may use
    static int64_t GetStreams(const OfdmaInternetSpec& spec);

    /// \return bytes of an IP packet in a dPDU of so many bits; 0: none
    static uint32_t GetPayload(uint32_t dpduBits);

    /// \return whether an application waits for what comes back, so that arrivals depend on agents
    static bool IsClosedLoop(const OfdmaInternetSpec& spec);

    /// \return all flows that there were, in the order of their first packets
    std::vector<OfdmaFlow> GetFlows() const;

    /// \return what the BS reassembled
    const OfdmaReassembled& GetReassembled() const;

  private:
    void DoDispose() override;

    /// Give a node the stack, with an address for its device, FlowMonitor's probe and a capture.
    void Install(Ptr<Node> node,
                 Ptr<OfdmaNetDevice> device,
                 Ipv4Address address,
                 const std::string& name);
    /// Install an application for a UE, and its sink.
    void AddApplication(std::size_t index, uint32_t ue, Ptr<Node> node, int64_t firstStream);
    /// Install the sink of an application.
    void AddSink(std::size_t index, int32_t destination, Ptr<Node> node);
    /// A sink received a packet.
    static void CountPayload(OfdmaInternet* internet,
                             uint32_t application,
                             int32_t destination,
                             Ptr<const Packet> packet,
                             const Address& from);

    OfdmaInternetSpec m_spec;             //!< of the traffic
    OfdmaCoin m_coin{0};                  //!< of the environment
    Time m_tti;                           //!< duration
    uint32_t m_payload{0};                //!< bytes of a packet in a dPDU
    Ptr<Node> m_bs;                       //!< node of the BS
    Ptr<OfdmaBsNetDevice> m_bsDevice;     //!< of the BS
    Ptr<FlowMonitor> m_monitor;           //!< of all nodes
    Ptr<Ipv4FlowClassifier> m_flows;      //!< of all nodes
    std::map<Ipv4Address, int32_t> m_ids; //!< of the UEs and the BS, by address
    /// Bytes that sinks received, by application, source and destination.
    std::map<std::tuple<uint32_t, int32_t, int32_t>, uint64_t> m_payloadBytes;
};

} // namespace ns3

#endif // OFDMA_INTERNET_H
