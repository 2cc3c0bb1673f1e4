// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-power-control.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

OfdmaPowerControl::OfdmaPowerControl(double p0, double alpha, double greatest, uint32_t rbs)
    : m_base(p0 + 10 * std::log10(rbs)),
      m_alpha(alpha),
      m_greatest(greatest)
{
}

double
OfdmaPowerControl::Update(double gain)
{
    m_gain = m_gain ? (1 - FILTER) * *m_gain + FILTER * gain : gain;
    const double pathLoss = -10 * std::log10(*m_gain);
    return std::min(m_greatest, m_base + m_alpha * pathLoss);
}

} // namespace ns3
