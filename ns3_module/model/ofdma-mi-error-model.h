// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_MI_ERROR_MODEL_H
#define OFDMA_MI_ERROR_MODEL_H

#include "ofdma-error-model.h"

#include <ns3/spectrum-value.h>

#include <memory>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief TBLER of a transport block on one RBG by ns3::LteMiErrorModel, and bounds on it by table
 */
class OfdmaMiTable
{
  public:
    /**
     * \param mcs index of modulation and coding scheme, 0 to 28
     * \param rbs RBs of the RBG
     */
    OfdmaMiTable(uint32_t mcs, uint32_t rbs);

    /// \return TBLER for the SINRs of the RBs, linear
    double Compute(const double* sinr);
    /// \return TBLER of a SINR not above this one, for all RBs, and not more than 0.19 dB below
    double GetUpperBound(double sinr);
    /// \return TBLER of a SINR not below this one, for all RBs, and not more than 0.19 dB above
    double GetLowerBound(double sinr);

  private:
    /// \return index of the last point not above a SINR
    static uint32_t GetIndex(double sinr);
    /// \return TBLER at a point, computed at first use
    double GetPoint(uint32_t index);

    uint32_t m_mcs;               //!< 0 to 28
    uint16_t m_bytes;             //!< size of the transport block
    std::vector<int> m_map;       //!< indices of the RBs: all of them
    SpectrumValue m_sinr;         //!< scratch, one band for each RB
    std::vector<double> m_points; //!< TBLER by point, negative where not yet computed
};

/**
 * \ingroup ofdma-mac
 * \brief Decoding by mutual information: ns3::LteMiErrorModel
 *
 * A coin mostly falls far from the TBLER, where the bounds of the table decide; only in between is
 * the TBLER computed. Because it does not increase with the SINR, the outcome is exactly that of
 * always computing it.
 */
class OfdmaMiErrorModel : public OfdmaErrorModel
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    bool DoUsesSinr() const override;
    double DoGetTbler(uint32_t mcs, const double* sinr, uint32_t rbs) const override;
    bool DoIsDecoded(uint32_t mcs, const double* sinr, uint32_t rbs, double coin) const override;

    /// \return the table for a MCS and an RBG of this size, shared by all models of the process
    OfdmaMiTable& GetTable(uint32_t mcs, uint32_t rbs) const;

    mutable std::vector<OfdmaMiTable*>
        m_tables;              //!< by MCS, of the RBGs seen last; null: not used yet
    mutable uint32_t m_rbs{0}; //!< RBs of the RBGs seen last
};

} // namespace ns3

#endif // OFDMA_MI_ERROR_MODEL_H
