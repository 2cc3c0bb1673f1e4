// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-random-agents.h"

#include <ns3/uinteger.h>

namespace ns3
{

namespace
{

/// Which of the draws for a UE and TTI this is.
enum Draw : uint32_t
{
    UE_ACTION,
    DCM
};

/// \return a code below `codes`, uniform
uint16_t
DrawCode(OfdmaCoin coin, uint32_t codes, uint32_t ue, Draw draw, uint32_t tti)
{
    return static_cast<uint16_t>(codes * coin.Toss(OfdmaCoin::ACTION, ue, draw, tti));
}

} // namespace

OfdmaRandomAgents::OfdmaRandomAgents(std::vector<Ptr<OfdmaCell>> cells, uint64_t salt)
    : m_cells(std::move(cells)),
      m_totals(static_cast<std::size_t>(OfdmaCounter::COUNT))
{
    for (const auto& cell : m_cells)
    {
        UintegerValue seed;
        cell->GetAttribute("Seed", seed);
        m_coins.emplace_back(seed.Get() + salt);
    }
}

bool
OfdmaRandomAgents::Lead(uint32_t tti)
{
    if (tti > 0)
    {
        Count();
    }
    for (std::size_t i = 0; i < m_cells.size(); ++i)
    {
        const uint32_t codes = m_cells[i]->GetCodes().GetDcmCodes();
        m_dcms.clear();
        for (const auto& ue : m_cells[i]->GetUes())
        {
            m_dcms.push_back({ue->id, DrawCode(m_coins[i], codes, ue->id, DCM, tti)});
        }
        m_cells[i]->SendDcms(m_dcms.data(), m_dcms.size());
    }
    return true;
}

bool
OfdmaRandomAgents::Follow(uint32_t tti)
{
    for (std::size_t i = 0; i < m_cells.size(); ++i)
    {
        const uint32_t codes = m_cells[i]->GetCodes().GetActionCodes();
        m_actions.clear();
        for (const auto& ue : m_cells[i]->GetUes())
        {
            m_actions.push_back(DrawCode(m_coins[i], codes, ue->id, UE_ACTION, tti));
        }
        m_cells[i]->Act(m_actions.data());
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
        m_utility += cell->GetLeaderUtility();
    }
}

} // namespace ns3
