// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-mi-error-model.h"

#include "ofdma-transport-block.h"

#include <ns3/lte-mi-error-model.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OfdmaMiErrorModel);

namespace
{

// The points are the numbers whose double has zeros after the fourth bit of its mantissa, from
// 2^-16 to 2^16, and 0 before them: 16 points per octave, 0.38 dB to 0.26 dB apart.
constexpr uint32_t SHIFT = 52 - 4;
constexpr uint64_t FIRST = uint64_t(1023 - 16) << 4;
constexpr uint32_t POINTS = 32 * 16 + 2;

constexpr uint32_t MCS_COUNT = 29; // 3GPP TS 36.213 table 8.6.1-1, without those that are reserved

/// \return the SINR of a point
double
GetSinr(uint32_t index)
{
    const uint64_t bits = index == 0 ? 0 : (FIRST + index - 1) << SHIFT;
    double sinr;
    std::memcpy(&sinr, &bits, sizeof(sinr));
    return sinr;
}

/// \return a spectrum model with a band for each RB; only the number of bands matters
Ptr<const SpectrumModel>
CreateRbModel(uint32_t rbs)
{
    std::vector<double> centres(rbs);
    std::iota(centres.begin(), centres.end(), 1);
    return Create<SpectrumModel>(centres);
}

} // namespace

OfdmaMiTable::OfdmaMiTable(uint32_t mcs, uint32_t rbs)
    : m_mcs(mcs),
      m_bytes(GetOfdmaTransportBlockBits(mcs, rbs) / 8),
      m_map(rbs),
      m_sinr(CreateRbModel(rbs)),
      m_points(POINTS, -1)
{
    std::iota(m_map.begin(), m_map.end(), 0);
}

double
OfdmaMiTable::Compute(const double* sinr)
{
    std::copy_n(sinr, m_map.size(), m_sinr.ValuesBegin());
    return LteMiErrorModel::GetTbDecodificationStats(m_sinr, m_map, m_bytes, m_mcs, {}).tbler;
}

double
OfdmaMiTable::GetUpperBound(double sinr)
{
    return GetPoint(GetIndex(sinr));
}

double
OfdmaMiTable::GetLowerBound(double sinr)
{
    const uint32_t next = GetIndex(sinr) + 1;
    return next < POINTS ? GetPoint(next) : 0;
}

uint32_t
OfdmaMiTable::GetIndex(double sinr)
{
    uint64_t bits;
    std::memcpy(&bits, &sinr, sizeof(bits));
    bits >>= SHIFT;
    return bits < FIRST ? 0 : std::min<uint64_t>(bits - FIRST + 1, POINTS - 1);
}

double
OfdmaMiTable::GetPoint(uint32_t index)
{
    double& point = m_points[index];
    if (point < 0)
    {
        const std::vector<double> sinr(m_map.size(), GetSinr(index));
        point = Compute(sinr.data());
    }
    return point;
}

TypeId
OfdmaMiErrorModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::OfdmaMiErrorModel")
                            .SetParent<OfdmaErrorModel>()
                            .SetGroupName("OfdmaMac")
                            .AddConstructor<OfdmaMiErrorModel>();
    return tid;
}

bool
OfdmaMiErrorModel::DoUsesSinr() const
{
    return true;
}

double
OfdmaMiErrorModel::DoGetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const
{
    return GetTable(mcs, rbs).Compute(sinr);
}

bool
OfdmaMiErrorModel::DoIsDecoded(uint32_t mcs, const double* sinr, uint32_t rbs, double coin) const
{
    OfdmaMiTable& table = GetTable(mcs, rbs);
    const auto [least, greatest] = std::minmax_element(sinr, sinr + rbs);
    if (coin >= table.GetUpperBound(*least))
    {
        return true;
    }
    if (coin < table.GetLowerBound(*greatest))
    {
        return false;
    }
    return coin >= table.Compute(sinr);
}

OfdmaMiTable&
OfdmaMiErrorModel::GetTable(uint32_t mcs, uint32_t rbs) const
{
    if (rbs != m_rbs)
    {
        m_tables.assign(MCS_COUNT, nullptr);
        m_rbs = rbs;
    }
    OfdmaMiTable*& table = m_tables[mcs];
    if (!table)
    {
        static std::map<std::pair<uint32_t, uint32_t>, OfdmaMiTable> tables;
        table = &tables.try_emplace({mcs, rbs}, mcs, rbs).first->second;
    }
    return *table;
}

} // namespace ns3
