// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-random-agents.h"

namespace ns3
{

OfdmaRandomAgents::OfdmaRandomAgents(std::vector<Ptr<OfdmaCell>> cells, uint64_t seed)
    : m_cells(std::move(cells)),
      m_coin(seed),
      m_totals(static_cast<std::size_t>(OfdmaCounter::COUNT))
{
}

bool
OfdmaRandomAgents::Lead(uint32_t tti)
{
    if (tti > 0)
    {
        Count();
    }
    for (const auto& cell : m_cells)
    {
        m_dcms.clear();
        for (const auto& ue : cell->GetUes())
        {
            const auto code = static_cast<uint16_t>(Draw(cell->GetCodes().GetDcmCodes()));
            m_dcms.push_back({ue->id, code});
        }
        cell->SendDcms(m_dcms.data(), m_dcms.size());
    }
    return true;
}

bool
OfdmaRandomAgents::Follow(uint32_t /* tti */)
{
    for (const auto& cell : m_cells)
    {
        m_actions.clear();
        for (std::size_t i = 0; i < cell->GetUes().size(); ++i)
        {
            m_actions.push_back(static_cast<uint16_t>(Draw(cell->GetCodes().GetActionCodes())));
        }
        cell->Act(m_actions.data());
    }
    return true;
}

void
OfdmaRandomAgents::Finish(uint32_t /* tti */)
{
    Count();
}

const std::vector<int64_t>&
OfdmaRandomAgents::GetTotals() const
{
    return m_totals;
}

double
OfdmaRandomAgents::GetUtility() const
{
    return m_utility;
}

uint32_t
OfdmaRandomAgents::Draw(uint32_t n)
{
    const uint64_t bits = m_coin.GetBits(OfdmaCoin::ACTION, m_draws >> 32, 0, uint32_t(m_draws));
    ++m_draws;
    return (bits >> 32) * n >> 32;
}

void
OfdmaRandomAgents::Count()
{
    for (const auto& cell : m_cells)
    {
        const auto& counters = cell->GetLastCounters();
        for (std::size_t i = 0; i < counters.size(); ++i)
        {
            m_totals[i] += counters[i];
        }
        m_utility += cell->GetUtility();
    }
}

} // namespace ns3
