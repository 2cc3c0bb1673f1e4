// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-codes.h"

#include <ns3/assert.h>

#include <algorithm>

namespace ns3
{

namespace
{

/// \return log2 of n, rounded up
uint32_t
CeilLog2(uint32_t n)
{
    uint32_t bits = 0;
    while ((uint64_t(1) << bits) < n)
    {
        ++bits;
    }
    return bits;
}

} // namespace

OfdmaCodes::OfdmaCodes(uint32_t rbgs, OfdmaVocabulary vocabulary)
    : m_rbgs(rbgs),
      m_vocabulary(vocabulary),
      m_rbgBits(CeilLog2(rbgs)),
      m_sizeBits(CeilLog2(vocabulary.size))
{
}

uint32_t
OfdmaCodes::GetRbgs() const
{
    return m_rbgs;
}

uint32_t
OfdmaCodes::GetUcmCodes() const
{
    return m_vocabulary.size + (m_vocabulary.opaque ? uint16_t(SYMBOL) : uint16_t(BSR));
}

uint32_t
OfdmaCodes::GetDcmCodes() const
{
    return m_vocabulary.opaque ? m_vocabulary.size + SYMBOL : 2 * m_rbgs + GRANT;
}

uint32_t
OfdmaCodes::GetActionCodes() const
{
    return (m_rbgs + TRANSMIT) * GetUcmCodes();
}

OfdmaCodes::Action
OfdmaCodes::Split(uint16_t action) const
{
    NS_ASSERT(action < GetActionCodes());
    const uint32_t ucmCodes = GetUcmCodes();
    return {static_cast<uint16_t>(action / ucmCodes), static_cast<uint16_t>(action % ucmCodes)};
}

uint16_t
OfdmaCodes::Join(Action action) const
{
    return static_cast<uint16_t>(action.access * GetUcmCodes() + action.ucm);
}

bool
OfdmaCodes::HasAck(uint16_t dcm) const
{
    return !m_vocabulary.opaque && (dcm == ACK || dcm >= GRANT + m_rbgs);
}

uint32_t
OfdmaCodes::GetUcmBits(uint16_t ucm) const
{
    if (ucm == UCM_NULL)
    {
        return 0;
    }
    if (m_vocabulary.opaque)
    {
        return std::max(1U, m_sizeBits);
    }
    return ucm == SR ? 1 : 1 + m_sizeBits;
}

uint32_t
OfdmaCodes::GetDcmBits(uint16_t dcm) const
{
    if (dcm == DCM_NULL)
    {
        return 0;
    }
    if (m_vocabulary.opaque)
    {
        return std::max(1U, m_sizeBits);
    }
    return dcm == ACK ? 2 : 2 + m_rbgBits;
}

} // namespace ns3
