// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-grid.h"

#include <ns3/abort.h>

namespace ns3
{

OfdmaGrid::OfdmaGrid(double carrierFrequency,
                     uint32_t rbgs,
                     uint32_t rbsPerRbg,
                     uint32_t numerology)
    : m_carrierFrequency(carrierFrequency),
      m_rbgs(rbgs),
      m_rbsPerRbg(rbsPerRbg),
      m_rbBandwidth(12 * 15e3 * (1U << numerology)),
      m_tti(CalcTti(numerology))
{
    NS_ABORT_MSG_UNLESS(rbgs > 0 && rbsPerRbg > 0, "a grid has at least one RBG of one RB");
    NS_ABORT_MSG_UNLESS(numerology <= 3, "numerologies are 0 to 3, not " << numerology);
    Bands bands;
    bands.reserve(GetRbs());
    double edge = carrierFrequency - m_rbBandwidth * GetRbs() / 2;
    NS_ABORT_MSG_UNLESS(edge > 0, "the band reaches below 0 Hz");
    for (uint32_t rb = 0; rb < GetRbs(); ++rb, edge += m_rbBandwidth)
    {
        bands.push_back({edge, edge + m_rbBandwidth / 2, edge + m_rbBandwidth});
    }
    m_spectrumModel = Create<SpectrumModel>(std::move(bands));
}

Time
OfdmaGrid::CalcTti(uint32_t numerology)
{
    return NanoSeconds(1000000 >> numerology);
}

double
OfdmaGrid::GetCarrierFrequency() const
{
    return m_carrierFrequency;
}

uint32_t
OfdmaGrid::GetRbgs() const
{
    return m_rbgs;
}

uint32_t
OfdmaGrid::GetRbsPerRbg() const
{
    return m_rbsPerRbg;
}

uint32_t
OfdmaGrid::GetRbs() const
{
    return m_rbgs * m_rbsPerRbg;
}

double
OfdmaGrid::GetRbBandwidth() const
{
    return m_rbBandwidth;
}

Time
OfdmaGrid::GetTti() const
{
    return m_tti;
}

Ptr<const SpectrumModel>
OfdmaGrid::GetSpectrumModel() const
{
    return m_spectrumModel;
}

} // namespace ns3
