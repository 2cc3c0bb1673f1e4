// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-trace-traffic.h"

#include <ns3/abort.h>
#include <ns3/pointer.h>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaArrivalTable);
NS_OBJECT_ENSURE_REGISTERED(OfdmaTraceTraffic);

TypeId
OfdmaArrivalTable::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaArrivalTable")
                            .SetParent<Object>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaArrivalTable>();
    return tid;
}

void
OfdmaArrivalTable::Add(uint32_t ue, Entry entry)
{
    auto& entries = m_entries[ue];
    NS_ABORT_MSG_IF(!entries.empty() && entry.tti < entries.back().tti,
                    "the arrivals of a UE come in order of TTI");
    entries.push_back(entry);
}

const std::vector<OfdmaArrivalTable::Entry>&
OfdmaArrivalTable::GetEntries(uint32_t ue) const
{
    const auto place = m_entries.find(ue);
    return place == m_entries.end() ? m_none : place->second;
}

TypeId
OfdmaTraceTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaTraceTraffic")
                            .SetParent<OfdmaTraffic>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaTraceTraffic>()
                            .AddAttribute("Table",
                                          "Arrivals of all UEs",
                                          PointerValue(),
                                          MakePointerAccessor(&OfdmaTraceTraffic::m_table),
                                          MakePointerChecker<OfdmaArrivalTable>());
    return tid;
}

void
OfdmaTraceTraffic::DoDispose()
{
    m_table = nullptr;
    m_entries = nullptr;
    OfdmaTraffic::DoDispose();
}

void
OfdmaTraceTraffic::DoJoin(uint32_t ue, uint32_t tti)
{
    NS_ABORT_MSG_UNLESS(m_table, "arrivals from a table need the table");
    m_entries = &m_table->GetEntries(ue);
    while (m_next < m_entries->size() && (*m_entries)[m_next].tti < tti)
    {
        ++m_next;
    }
}

uint32_t
OfdmaTraceTraffic::DoArrive(uint32_t tti)
{
    uint32_t arrivals = 0;
    for (; m_next < m_entries->size() && (*m_entries)[m_next].tti == tti; ++m_next)
    {
        arrivals += (*m_entries)[m_next].dpdus;
    }
    return arrivals;
}

} // namespace ns3
