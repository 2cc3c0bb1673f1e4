// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-statistics.h"

namespace ns3
{

OfdmaStatistics::OfdmaStatistics(uint32_t ttis)
    : m_delayHistogram(ttis + 1)
{
}

void
OfdmaStatistics::BeginTti()
{
    const int32_t backlog = Get(OfdmaCounter::BACKLOG);
    m_counters.fill(0);
    At(OfdmaCounter::BACKLOG) = backlog;
}

void
OfdmaStatistics::Join()
{
    m_arrived.push_back(0);
    m_delivered.push_back(0);
}

void
OfdmaStatistics::Arrive(uint32_t ue, uint32_t tti, bool dropped)
{
    ++m_arrived[ue];
    ++At(OfdmaCounter::ARRIVED);
    ++At(dropped ? OfdmaCounter::DROPPED : OfdmaCounter::BACKLOG);
    ++m_delayHistogram[m_delayHistogram.size() - 1 - tti]; // until it is delivered
}

void
OfdmaStatistics::Deliver(uint32_t ue, uint32_t arrival, uint32_t tti)
{
    ++m_delivered[ue];
    ++At(OfdmaCounter::DELIVERED);
    --At(OfdmaCounter::BACKLOG);
    --m_delayHistogram[m_delayHistogram.size() - 1 - arrival];
    ++m_delayHistogram[tti - arrival + 1];
}

void
OfdmaStatistics::Lose()
{
    ++At(OfdmaCounter::LOST);
    --At(OfdmaCounter::BACKLOG);
}

void
OfdmaStatistics::Discard(uint32_t undelivered)
{
    At(OfdmaCounter::DISCARDED) += undelivered;
    At(OfdmaCounter::BACKLOG) -= undelivered;
}

void
OfdmaStatistics::Count(OfdmaCounter counter, uint32_t amount)
{
    At(counter) += amount;
}

const OfdmaStatistics::Counters&
OfdmaStatistics::GetCounters() const
{
    return m_counters;
}

int32_t
OfdmaStatistics::Get(OfdmaCounter counter) const
{
    return m_counters[static_cast<std::size_t>(counter)];
}

const std::vector<uint32_t>&
OfdmaStatistics::GetArrived() const
{
    return m_arrived;
}

const std::vector<uint32_t>&
OfdmaStatistics::GetDelivered() const
{
    return m_delivered;
}

const std::vector<uint32_t>&
OfdmaStatistics::GetDelayHistogram() const
{
    return m_delayHistogram;
}

int32_t&
OfdmaStatistics::At(OfdmaCounter counter)
{
    return m_counters[static_cast<std::size_t>(counter)];
}

} // namespace ns3
