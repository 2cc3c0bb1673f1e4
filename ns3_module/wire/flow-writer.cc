// SPDX-License-Identifier: GPL-2.0-only
#include "flow-writer.h"

#include "column.h"

#include <ns3/ofdma-internet.h>

#include <algorithm>

namespace llmac
{

namespace
{

using ns3::OfdmaFlow;
using ns3::OfdmaInternet;
using ns3::OfdmaReassembled;

static_assert(OfdmaFlow::BS == v1::FLOW_BS);

/// Write one value of each of some things as a column.
template <typename T, typename Things, typename Get>
void
WriteColumn(const Things& things, v1::Column* column, Get get)
{
    ColumnWriter<T> writer;
    for (const auto& thing : things)
    {
        writer.Add(static_cast<T>(get(thing)));
    }
    writer.Finish(column);
}

/// Write who sends what to whom.
void
WriteIdentities(const std::vector<OfdmaFlow>& flows, v1::Flows& message)
{
    WriteColumn<uint32_t>(flows, message.mutable_application(), [](const OfdmaFlow& flow) {
        return flow.application;
    });
    WriteColumn<int32_t>(flows, message.mutable_source(), [](const OfdmaFlow& flow) {
        return flow.source;
    });
    WriteColumn<int32_t>(flows, message.mutable_destination(), [](const OfdmaFlow& flow) {
        return flow.destination;
    });
    WriteColumn<uint8_t>(flows, message.mutable_protocol(), [](const OfdmaFlow& flow) {
        return flow.protocol;
    });
    WriteColumn<uint16_t>(flows, message.mutable_source_port(), [](const OfdmaFlow& flow) {
        return flow.sourcePort;
    });
    WriteColumn<uint16_t>(flows, message.mutable_destination_port(), [](const OfdmaFlow& flow) {
        return flow.destinationPort;
    });
}

/// Write what FlowMonitor and the sinks counted.
void
WriteCounters(const std::vector<OfdmaFlow>& flows, v1::Flows& message)
{
    WriteColumn<uint32_t>(flows, message.mutable_tx_packets(), [](const OfdmaFlow& flow) {
        return flow.counters.txPackets;
    });
    WriteColumn<uint64_t>(flows, message.mutable_tx_bytes(), [](const OfdmaFlow& flow) {
        return flow.counters.txBytes;
    });
    WriteColumn<uint32_t>(flows, message.mutable_rx_packets(), [](const OfdmaFlow& flow) {
        return flow.counters.rxPackets;
    });
    WriteColumn<uint64_t>(flows, message.mutable_rx_bytes(), [](const OfdmaFlow& flow) {
        return flow.counters.rxBytes;
    });
    WriteColumn<uint32_t>(flows, message.mutable_lost_packets(), [](const OfdmaFlow& flow) {
        return flow.counters.lostPackets;
    });
    WriteColumn<double>(flows, message.mutable_delay_sum_s(), [](const OfdmaFlow& flow) {
        return flow.counters.delaySum.GetSeconds();
    });
    WriteColumn<double>(flows, message.mutable_jitter_sum_s(), [](const OfdmaFlow& flow) {
        return flow.counters.jitterSum.GetSeconds();
    });
    WriteColumn<double>(flows, message.mutable_first_tx_s(), [](const OfdmaFlow& flow) {
        return flow.counters.timeFirstTxPacket.GetSeconds();
    });
    WriteColumn<double>(flows, message.mutable_last_rx_s(), [](const OfdmaFlow& flow) {
        return flow.counters.timeLastRxPacket.GetSeconds();
    });
    WriteColumn<uint64_t>(flows, message.mutable_payload_bytes(), [](const OfdmaFlow& flow) {
        return flow.payloadBytes;
    });
}

} // namespace

void
WriteFlows(const std::vector<ns3::Ptr<ns3::OfdmaCell>>& cells, v1::EpisodeEnd& message)
{
    std::vector<OfdmaFlow> flows;
    std::vector<std::size_t> counts;
    std::vector<OfdmaReassembled> reassembled;
    bool any = false;
    for (const auto& cell : cells)
    {
        const auto internet = cell->GetObject<OfdmaInternet>();
        const auto more = internet ? internet->GetFlows() : std::vector<OfdmaFlow>();
        flows.insert(flows.end(), more.begin(), more.end());
        counts.push_back(more.size());
        reassembled.push_back(internet ? internet->GetReassembled() : OfdmaReassembled());
        any = any || internet;
    }
    if (!any)
    {
        return;
    }
    auto& columns = *message.mutable_flows();
    WriteColumn<uint32_t>(counts, columns.mutable_flow_count(), [](std::size_t n) { return n; });
    WriteIdentities(flows, columns);
    WriteCounters(flows, columns);
    WriteColumn<uint64_t>(reassembled,
                          columns.mutable_reassembled_packets(),
                          [](const OfdmaReassembled& all) { return all.packets; });
    WriteColumn<uint64_t>(reassembled,
                          columns.mutable_reassembled_bytes(),
                          [](const OfdmaReassembled& all) { return all.bytes; });
    WriteColumn<uint64_t>(reassembled,
                          columns.mutable_reassembled_dpdus(),
                          [](const OfdmaReassembled& all) { return all.dpdus; });
}

} // namespace llmac
