// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-signal.h"

#include <algorithm>

namespace ns3
{

OfdmaSignalParameters::OfdmaSignalParameters(Ptr<const OfdmaGrid> grid)
    : m_rbsPerRbg(grid->GetRbsPerRbg())
{
    psd = Create<SpectrumValue>(grid->GetSpectrumModel());
    duration = grid->GetTti();
}

Ptr<SpectrumSignalParameters>
OfdmaSignalParameters::Copy() const
{
    return Create<OfdmaSignalParameters>(*this);
}

double*
OfdmaSignalParameters::Occupy(uint32_t newRbg)
{
    double* values = &(*psd)[0];
    std::fill_n(values + rbg * m_rbsPerRbg, m_rbsPerRbg, 0.0);
    rbg = newRbg;
    return values + rbg * m_rbsPerRbg;
}

const double*
OfdmaSignalParameters::GetOccupied() const
{
    return &(*psd)[rbg * m_rbsPerRbg];
}

} // namespace ns3
