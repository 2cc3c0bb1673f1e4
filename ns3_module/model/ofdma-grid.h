// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_GRID_H
#define OFDMA_GRID_H

#include <ns3/nstime.h>
#include <ns3/simple-ref-count.h>
#include <ns3/spectrum-model.h>

#include <cstdint>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The resource grid of a cell: TTIs in time, RBs and RBGs in frequency
 *
 * Numerology mu has a subcarrier spacing of 15 kHz * 2^mu, an RB of 12 subcarriers and a slot, the
 * TTI, of 1 ms / 2^mu (3GPP TS 38.211 clauses 4.2 to 4.4).
 */
class OfdmaGrid : public SimpleRefCount<OfdmaGrid>
{
  public:
    /**
     * \param carrierFrequency centre of the band in Hz
     * \param rbgs number of RBGs
     * \param rbsPerRbg RBs in each of them
     * \param numerology mu, 0 to 3
     */
    OfdmaGrid(double carrierFrequency, uint32_t rbgs, uint32_t rbsPerRbg, uint32_t numerology);

    /// \return duration of a TTI at a numerology
    static Time CalcTti(uint32_t numerology);

    /// \return centre of the band in Hz
    double GetCarrierFrequency() const;
    /// \return number of RBGs
    uint32_t GetRbgs() const;
    /// \return RBs in each RBG
    uint32_t GetRbsPerRbg() const;
    /// \return RBs of the band
    uint32_t GetRbs() const;
    /// \return bandwidth of an RB in Hz
    double GetRbBandwidth() const;
    /// \return duration of a TTI
    Time GetTti() const;
    /// \return one band for each RB, in order of frequency
    Ptr<const SpectrumModel> GetSpectrumModel() const;

  private:
    double m_carrierFrequency;                //!< Hz
    uint32_t m_rbgs;                          //!< number of RBGs
    uint32_t m_rbsPerRbg;                     //!< RBs in each RBG
    double m_rbBandwidth;                     //!< Hz
    Time m_tti;                               //!< duration of a TTI
    Ptr<const SpectrumModel> m_spectrumModel; //!< one band for each RB
};

} // namespace ns3

#endif // OFDMA_GRID_H
