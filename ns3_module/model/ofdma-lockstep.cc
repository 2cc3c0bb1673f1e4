// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-lockstep.h"

#include <ns3/abort.h>
#include <ns3/simulator.h>

namespace ns3
{

OfdmaLockstep::OfdmaLockstep(std::vector<Ptr<OfdmaCell>> cells, Time tti, OfdmaAgents& agents)
    : m_cells(std::move(cells)),
      m_duration(tti),
      m_agents(agents)
{
    NS_ABORT_MSG_IF(m_cells.empty(), "there is no cell to simulate");
}

void
OfdmaLockstep::Run()
{
    m_tti = 0;
    Simulator::ScheduleNow(&OfdmaLockstep::Boundary, this);
    Simulator::Run();
}

void
OfdmaLockstep::Boundary()
{
    // The receivers' events of the same time are earlier in the queue: they were scheduled before.
    if (m_tti > 0)
    {
        for (const auto& cell : m_cells)
        {
            cell->EndTti();
        }
    }
    for (const auto& cell : m_cells)
    {
        cell->BeginTti(m_tti);
    }
    if (m_tti == m_cells.front()->GetTtis())
    {
        m_agents.Finish(m_tti);
        Simulator::Stop();
        return;
    }
    if (!m_agents.Lead(m_tti))
    {
        Simulator::Stop();
        return;
    }
    for (const auto& cell : m_cells)
    {
        cell->DeliverDcms();
    }
    Simulator::ScheduleNow(&OfdmaLockstep::Follow, this);
}

void
OfdmaLockstep::Follow()
{
    if (!m_agents.Follow(m_tti))
    {
        Simulator::Stop();
        return;
    }
    ++m_tti;
    Simulator::Schedule(m_duration, &OfdmaLockstep::Boundary, this);
}

} // namespace ns3
