// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-link-adaptation.h"

#include "ofdma-mi-error-model.h"

#include <ns3/lte-amc.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace ns3
{

namespace
{

constexpr double LEAST_DB = -40;   //!< where the search for a SNR begins
constexpr double GREATEST_DB = 60; //!< where it ends
constexpr int HALVINGS = 40;       //!< to 10^-10 dB

/// \return the least SNR, linear, at which an MCS has at most a TBLER
double
FindLeastSnr(uint32_t mcs, uint32_t rbs, double target)
{
    OfdmaMiTable tbler(mcs, rbs);
    double low = LEAST_DB;
    double high = GREATEST_DB;
    for (int i = 0; i < HALVINGS; ++i)
    {
        const double middle = (low + high) / 2;
        const std::vector<double> sinr(rbs, std::pow(10, middle / 10));
        (tbler.Compute(sinr.data()) <= target ? high : low) = middle;
    }
    return std::pow(10, high / 10);
}

} // namespace

OfdmaCqiTable::OfdmaCqiTable(uint32_t rbs, double target)
{
    double least = 0;
    for (uint32_t cqi = 1; cqi <= GREATEST_CQI; ++cqi)
    {
        least = std::max(least, FindLeastSnr(GetMcs(cqi), rbs, target));
        m_least[cqi - 1] = least;
    }
}

const OfdmaCqiTable&
OfdmaCqiTable::Get(uint32_t rbs, double target)
{
    static std::map<std::pair<uint32_t, double>, OfdmaCqiTable> tables;
    return tables.try_emplace({rbs, target}, rbs, target).first->second;
}

uint32_t
OfdmaCqiTable::GetCqi(double snr) const
{
    return std::upper_bound(m_least.begin(), m_least.end(), snr) - m_least.begin();
}

uint32_t
OfdmaCqiTable::GetMcs(uint32_t cqi)
{
    static const auto amc = CreateObject<LteAmc>();
    return amc->GetMcsFromCqi(cqi);
}

OfdmaLinkAdaptation::OfdmaLinkAdaptation(const OfdmaCqiTable& table,
                                         uint32_t period,
                                         uint32_t delay,
                                         uint32_t mcs)
    : m_table(&table),
      m_period(period),
      m_delay(delay),
      m_mcs(mcs)
{
}

uint32_t
OfdmaLinkAdaptation::Update(uint32_t tti, double snr)
{
    if (tti % m_period == 0)
    {
        m_underWay.push_back({tti + m_delay, OfdmaCqiTable::GetMcs(m_table->GetCqi(snr))});
    }
    if (!m_underWay.empty() && m_underWay.front().due == tti)
    {
        m_mcs = m_underWay.front().mcs;
        m_underWay.pop_front();
    }
    return m_mcs;
}

} // namespace ns3
