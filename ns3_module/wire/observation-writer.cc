// SPDX-License-Identifier: GPL-2.0-only
#include "observation-writer.h"

#include "flow-writer.h"

#include <algorithm>
#include <limits>

namespace llmac
{

namespace
{

using ns3::OfdmaCounter;
using ns3::OfdmaOutcome;

/// \return whether an enumerator of the module has the number that the wire gives it
template <typename Ours, typename Theirs>
constexpr bool
IsSame(Ours ours, Theirs theirs)
{
    return static_cast<int>(ours) == static_cast<int>(theirs);
}

// The module does not know the wire; these hold the two together.
static_assert(IsSame(OfdmaCounter::ARRIVED, v1::COUNTER_ARRIVED));
static_assert(IsSame(OfdmaCounter::DELIVERED, v1::COUNTER_DELIVERED));
static_assert(IsSame(OfdmaCounter::DUPLICATE, v1::COUNTER_DUPLICATE));
static_assert(IsSame(OfdmaCounter::LOST, v1::COUNTER_LOST));
static_assert(IsSame(OfdmaCounter::DROPPED, v1::COUNTER_DROPPED));
static_assert(IsSame(OfdmaCounter::DISCARDED, v1::COUNTER_DISCARDED));
static_assert(IsSame(OfdmaCounter::BACKLOG, v1::COUNTER_BACKLOG));
static_assert(IsSame(OfdmaCounter::TRANSMISSION, v1::COUNTER_TRANSMISSION));
static_assert(IsSame(OfdmaCounter::COLLISION, v1::COUNTER_COLLISION));
static_assert(IsSame(OfdmaCounter::IDLE, v1::COUNTER_IDLE));
static_assert(IsSame(OfdmaCounter::DECISION, v1::COUNTER_DECISION));
static_assert(IsSame(OfdmaCounter::INVALID, v1::COUNTER_INVALID));
static_assert(IsSame(OfdmaCounter::UCM_BITS, v1::COUNTER_UCM_BITS));
static_assert(IsSame(OfdmaCounter::DCM_BITS, v1::COUNTER_DCM_BITS));
static_assert(IsSame(OfdmaCounter::UCM, v1::COUNTER_UCM));
static_assert(IsSame(OfdmaCounter::DCM, v1::COUNTER_DCM));
static_assert(IsSame(OfdmaCounter::DELIVERED_BIT, v1::COUNTER_DELIVERED_BIT));
static_assert(IsSame(OfdmaCounter::COUNT, v1::Counter_ARRAYSIZE));
static_assert(IsSame(OfdmaOutcome::HELD, v1::UE_HELD));
static_assert(IsSame(OfdmaOutcome::DECODED, v1::UE_DECODED));
static_assert(IsSame(OfdmaOutcome::DECODED_DUPLICATE, v1::UE_DECODED_DUPLICATE));
static_assert(IsSame(OfdmaOutcome::NOT_DECODED, v1::UE_NOT_DECODED));
static_assert(IsSame(OfdmaOutcome::COLLIDED, v1::UE_COLLIDED));
static_assert(IsSame(OfdmaOutcome::DELETED_DELIVERED, v1::UE_DELETED_DELIVERED));
static_assert(IsSame(OfdmaOutcome::DELETED_LOST, v1::UE_DELETED_LOST));
static_assert(IsSame(OfdmaOutcome::INVALID, v1::UE_INVALID));
static_assert(IsSame(ns3::OfdmaCell::IDLE, v1::RBG_IDLE));
static_assert(IsSame(ns3::OfdmaCell::UNDECODABLE, v1::RBG_UNDECODABLE));

/// \return a number of dPDUs or TTIs, held at the greatest that a column can take
uint16_t
Saturate(uint32_t value)
{
    return static_cast<uint16_t>(std::min<uint32_t>(value, std::numeric_limits<uint16_t>::max()));
}

} // namespace

void
ObservationWriter::Write(const Cells& cells,
                         uint32_t tti,
                         const EpisodeOptions& options,
                         v1::LeaderObservation& message)
{
    // The columns are all written anew, into the memory that they have.
    if (!options.privileged)
    {
        message.clear_privileged();
    }
    message.clear_start();
    message.clear_end();
    message.set_tti(tti);
    message.set_done(tti == cells.front()->GetTtis());
    WriteUes(cells, message);
    WriteLastTti(cells, message);
    if (options.privileged)
    {
        WritePrivileged(cells, tti, *message.mutable_privileged());
    }
    if (tti == 0)
    {
        m_uint32[0].Add(options.dpduBits.begin(), options.dpduBits.end());
        m_uint32[0].Finish(message.mutable_start()->mutable_dpdu_bits());
    }
    if (message.done())
    {
        WriteEnd(cells, options.bound, *message.mutable_end());
    }
}

void
ObservationWriter::WriteUes(const Cells& cells, v1::LeaderObservation& message)
{
    for (const auto& cell : cells)
    {
        m_uint32[0].Add(cell->GetUes().size());
        for (const auto& ue : cell->GetUes())
        {
            m_uint32[1].Add(ue->id);
            m_uint16[0].Add(ue->ucm);
            m_float32.Add(static_cast<float>(cell->GetMeanSnrDb(*ue)));
        }
    }
    m_uint32[0].Finish(message.mutable_ue_count());
    m_uint32[1].Finish(message.mutable_ue_id());
    m_uint16[0].Finish(message.mutable_ucm());
    m_float32.Finish(message.mutable_mean_snr_db());
}

void
ObservationWriter::WriteLastTti(const Cells& cells, v1::LeaderObservation& message)
{
    for (const auto& cell : cells)
    {
        const auto& rbgs = cell->GetRbgOutcomes();
        const auto& duplicates = cell->GetRbgDuplicates();
        const auto& counters = cell->GetLastCounters();
        m_int32[0].Add(rbgs.begin(), rbgs.end());
        m_uint8[0].Add(duplicates.begin(), duplicates.end());
        m_int32[1].Add(counters.begin(), counters.end());
        const auto& utilities = cell->GetFollowerUtilities();
        m_float64[0].Add(cell->GetLeaderUtility());
        m_float64[1].Add(utilities.begin(), utilities.end());
        for (OfdmaOutcome outcome : cell->GetOutcomes())
        {
            m_uint8[1].Add(static_cast<uint8_t>(outcome));
        }
    }
    m_int32[0].Finish(message.mutable_rbg_outcome());
    m_uint8[0].Finish(message.mutable_rbg_duplicate());
    m_int32[1].Finish(message.mutable_counters());
    m_float64[0].Finish(message.mutable_leader_utility());
    m_float64[1].Finish(message.mutable_follower_utility());
    m_uint8[1].Finish(message.mutable_ue_outcome());
}

void
ObservationWriter::WritePrivileged(const Cells& cells, uint32_t tti, v1::Privileged& message)
{
    for (const auto& cell : cells)
    {
        for (const auto& ue : cell->GetUes())
        {
            const auto& buffer = ue->buffer;
            m_uint16[0].Add(buffer.GetSize());
            m_uint16[1].Add(buffer.GetUndelivered());
            m_uint8[0].Add(buffer.IsHeadDelivered());
            m_uint16[2].Add(buffer.GetSize() > 0 ? Saturate(tti - buffer.GetHeadArrival()) : 0);
        }
        const auto& wouldDecode = cell->GetWouldDecode();
        m_uint8[1].Add(wouldDecode.begin(), wouldDecode.end());
    }
    m_uint16[0].Finish(message.mutable_buffer());
    m_uint16[1].Finish(message.mutable_undelivered());
    m_uint8[0].Finish(message.mutable_head_delivered());
    m_uint16[2].Finish(message.mutable_head_age());
    m_uint8[1].Finish(message.mutable_would_decode());
}

void
ObservationWriter::WriteEnd(const Cells& cells, bool bound, v1::EpisodeEnd& message)
{
    for (const auto& cell : cells)
    {
        const auto& statistics = cell->GetStatistics();
        const auto& delays = statistics.GetDelayHistogram();
        m_uint32[0].Add(cell->GetUeTotal());
        m_uint32[1].Add(statistics.GetArrived().begin(), statistics.GetArrived().end());
        m_uint32[2].Add(statistics.GetDelivered().begin(), statistics.GetDelivered().end());
        m_uint32[3].Add(delays.begin(), delays.end());
        if (bound)
        {
            m_float64[0].Add(cell->GetBound());
        }
    }
    m_uint32[0].Finish(message.mutable_ue_total());
    m_uint32[1].Finish(message.mutable_ue_arrived());
    m_uint32[2].Finish(message.mutable_ue_delivered());
    m_uint32[3].Finish(message.mutable_delay_histogram());
    m_float64[0].Finish(message.mutable_bound());
    WriteFlows(cells, message);
}

void
ObservationWriter::Write(const Cells& cells, uint32_t tti, v1::FollowerObservation& message)
{
    message.set_tti(tti);
    for (const auto& cell : cells)
    {
        for (const auto& ue : cell->GetUes())
        {
            m_uint16[0].Add(ue->buffer.GetSize());
            m_uint16[1].Add(ue->lastAction);
            m_uint16[2].Add(ue->lastUcm);
            m_uint16[3].Add(ue->dcm);
            m_uint8[0].Add(cell->HasUcmOpportunity(*ue));
        }
    }
    m_uint16[0].Finish(message.mutable_buffer());
    m_uint16[1].Finish(message.mutable_last_action());
    m_uint16[2].Finish(message.mutable_last_ucm());
    m_uint16[3].Finish(message.mutable_dcm());
    m_uint8[0].Finish(message.mutable_ucm_opportunity());
}

} // namespace llmac
