// SPDX-License-Identifier: GPL-2.0-only
#include "action-reader.h"

#include "llmac/v1/codes.pb.h"

#include <numeric>

namespace llmac
{

namespace
{

using ns3::OfdmaCodes;

// The module does not know the wire; these hold the two code tables together.
static_assert(int(OfdmaCodes::HOLD) == int(v1::ACCESS_HOLD));
static_assert(int(OfdmaCodes::DELETE) == int(v1::ACCESS_DELETE));
static_assert(int(OfdmaCodes::TRANSMIT) == int(v1::ACCESS_TRANSMIT));
static_assert(int(OfdmaCodes::UCM_NULL) == int(v1::UCM_NULL));
static_assert(int(OfdmaCodes::SR) == int(v1::UCM_SR));
static_assert(int(OfdmaCodes::BSR) == int(v1::UCM_BSR));
static_assert(int(OfdmaCodes::DCM_NULL) == int(v1::DCM_NULL));
static_assert(int(OfdmaCodes::ACK) == int(v1::DCM_ACK));
static_assert(int(OfdmaCodes::GRANT) == int(v1::DCM_GRANT));
static_assert(int(OfdmaCodes::OPAQUE_NULL) == int(v1::OPAQUE_NULL));
static_assert(int(OfdmaCodes::SYMBOL) == int(v1::OPAQUE_SYMBOL));

/// Check that an action answers the observation of this TTI.
void
CheckTti(uint32_t tti, uint32_t expected)
{
    if (tti != expected)
    {
        throw Fault(v1::FAULT_OUT_OF_TURN,
                    "an action for TTI " + std::to_string(expected) + " is due, not for TTI " +
                        std::to_string(tti));
    }
}

/// Check that a code is in the table.
void
CheckCode(const char* what, uint16_t code, uint32_t codes)
{
    if (code >= codes)
    {
        throw Fault(v1::FAULT_BAD_CODE,
                    std::string(what) + " codes are less than " + std::to_string(codes) +
                        " in this cell, and this is " + std::to_string(code));
    }
}

/// Check the DCMs of one cell.
void
CheckDcms(const ns3::OfdmaCell& cell, const ns3::OfdmaDcm* dcms, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i)
    {
        CheckCode("DCM", dcms[i].code, cell.GetCodes().GetDcmCodes());
        if (dcms[i].ue >= cell.GetUeTotal())
        {
            throw Fault(v1::FAULT_BAD_CODE,
                        "dcm_ue: there never was a UE " + std::to_string(dcms[i].ue));
        }
        if (i > 0 && dcms[i].ue <= dcms[i - 1].ue)
        {
            throw Fault(v1::FAULT_BAD_CODE,
                        "dcm_ue ascends within an environment, and UE " +
                            std::to_string(dcms[i].ue) + " comes after UE " +
                            std::to_string(dcms[i - 1].ue));
        }
    }
}

} // namespace

void
ActionReader::Check(const v1::LeaderAction& message, uint32_t tti, const Cells& cells)
{
    CheckTti(message.tti(), tti);
    ReadColumn(message.dcm_count(), "dcm_count", m_counts);
    ReadColumn(message.dcm_ue(), "dcm_ue", m_ues);
    ReadColumn(message.dcm_code(), "dcm_code", m_codes);
    CheckLength(m_counts, cells.size(), "dcm_count");
    const uint64_t total = std::accumulate(m_counts.begin(), m_counts.end(), uint64_t(0));
    CheckLength(m_ues, total, "dcm_ue");
    CheckLength(m_codes, total, "dcm_code");
    m_dcms.resize(total);
    for (std::size_t i = 0; i < total; ++i)
    {
        m_dcms[i] = {m_ues[i], m_codes[i]};
    }
    const ns3::OfdmaDcm* dcms = m_dcms.data();
    for (std::size_t i = 0; i < cells.size(); dcms += m_counts[i++])
    {
        CheckDcms(*cells[i], dcms, m_counts[i]);
    }
}

void
ActionReader::Apply(const v1::LeaderAction& message, uint32_t tti, const Cells& cells)
{
    Check(message, tti, cells);
    const ns3::OfdmaDcm* dcms = m_dcms.data();
    for (std::size_t i = 0; i < cells.size(); dcms += m_counts[i++])
    {
        cells[i]->SendDcms(dcms, m_counts[i]);
    }
}

void
ActionReader::Check(const v1::FollowerAction& message, uint32_t tti, const Cells& cells)
{
    CheckTti(message.tti(), tti);
    ReadColumn(message.action(), "action", m_codes);
    std::size_t total = 0;
    for (const auto& cell : cells)
    {
        total += cell->GetUes().size();
    }
    CheckLength(m_codes, total, "action");
    const uint16_t* codes = m_codes.data();
    for (const auto& cell : cells)
    {
        for (std::size_t i = 0; i < cell->GetUes().size(); ++i)
        {
            CheckCode("UE action", *codes++, cell->GetCodes().GetActionCodes());
        }
    }
}

void
ActionReader::Apply(const v1::FollowerAction& message, uint32_t tti, const Cells& cells)
{
    Check(message, tti, cells);
    const uint16_t* codes = m_codes.data();
    for (const auto& cell : cells)
    {
        cell->Act(codes);
        codes += cell->GetUes().size();
    }
}

} // namespace llmac
