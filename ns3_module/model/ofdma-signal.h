// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_SIGNAL_H
#define OFDMA_SIGNAL_H

#include "ofdma-grid.h"

#include <ns3/spectrum-signal-parameters.h>
#include <ns3/spectrum-value.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief A transmission of one UE on one RBG for one TTI
 *
 * The object and its PSD are made once and used again in each TTI; the PSD is zero outside the RBG.
 */
struct OfdmaSignalParameters : public SpectrumSignalParameters
{
    /// \param grid that the PSD covers
    explicit OfdmaSignalParameters(Ptr<const OfdmaGrid> grid);

    Ptr<SpectrumSignalParameters> Copy() const override;

    /**
     * Move to an RBG and clear the one that was occupied before.
     * \return the PSD of the first RB of the RBG in W/Hz; those of its other RBs follow
     */
    double* Occupy(uint32_t rbg);

    /// \return the PSD of the first RB of the occupied RBG in W/Hz
    const double* GetOccupied() const;

    uint32_t ue{0};  //!< id of the UE
    uint32_t mcs{0}; //!< index of modulation and coding scheme
    uint32_t rbg{0}; //!< the occupied RBG

  private:
    uint32_t m_rbsPerRbg; //!< RBs in an RBG
};

} // namespace ns3

#endif // OFDMA_SIGNAL_H
