// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-decision-delay.h"

#include <ns3/abort.h>

#include <algorithm>
#include <numeric>

namespace ns3
{

OfdmaDecisionDelay::OfdmaDecisionDelay(const std::vector<double>& probabilities)
    : m_cumulative(probabilities)
{
    if (m_cumulative.empty())
    {
        m_cumulative.push_back(1);
    }
    std::partial_sum(m_cumulative.begin(), m_cumulative.end(), m_cumulative.begin());
    const double sum = m_cumulative.back();
    NS_ABORT_MSG_UNLESS(sum > 0, "a delay has to have some probability");
    for (double& probability : m_cumulative)
    {
        probability /= sum; // the last one is exactly 1
    }
}

uint32_t
OfdmaDecisionDelay::GetLongest() const
{
    return m_cumulative.size() - 1;
}

uint32_t
OfdmaDecisionDelay::Invert(double number) const
{
    return std::upper_bound(m_cumulative.begin(), m_cumulative.end(), number) -
           m_cumulative.begin();
}

} // namespace ns3
