// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_LOSS_CHAIN_H
#define OFDMA_LOSS_CHAIN_H

#include "ofdma-antenna.h"
#include "ofdma-grid.h"
#include "ofdma-model-spec.h"

#include <ns3/mobility-model.h>
#include <ns3/phased-array-spectrum-propagation-loss-model.h>
#include <ns3/propagation-loss-model.h>
#include <ns3/simple-ref-count.h>
#include <ns3/spectrum-propagation-loss-model.h>
#include <ns3/spectrum-signal-parameters.h>

#include <optional>
#include <vector>

namespace ns3
{

/// What the links of a cell go through.
struct OfdmaChannelSpec
{
    std::vector<OfdmaModelSpec> models; //!< loss models; the frequency-selective ones come last
    std::optional<OfdmaModelSpec> bsAntenna; //!< none: isotropic
    std::optional<OfdmaModelSpec> ueAntenna; //!< none: isotropic
};

/**
 * \ingroup ofdma-mac
 * \brief The antennas and loss models of one link
 *
 * Each UE has an instance of its own, with random streams of its own, so that its channel depends
 * on nobody else.
 */
class OfdmaLossChain : public SimpleRefCount<OfdmaLossChain>
{
  public:
    /// Random streams that one chain may use.
    static constexpr int64_t STREAMS = 900;

    /**
     * Build the models; NS_ABORT when they cannot work, which FindOfdmaChannelProblem() tells
     * before. Seed and run of RngSeedManager must be those of the environment. \param spec what to
     * build \param grid of the cell \param firstStream the first of STREAMS random streams
     */
    OfdmaLossChain(const OfdmaChannelSpec& spec, Ptr<const OfdmaGrid> grid, int64_t firstStream);
    ~OfdmaLossChain();

    OfdmaLossChain(const OfdmaLossChain&) = delete;
    OfdmaLossChain& operator=(const OfdmaLossChain&) = delete;

    /// \return whether the gain depends on the frequency within the band
    bool IsFrequencySelective() const;

    /**
     * Draw the gain that is common to all frequencies, antennas included. Models with fading draw
     * anew at each call.
     * \param txPower in dBm
     * \param ue mobility of the transmitter
     * \param bs mobility of the receiver
     * \return power gain, linear
     */
    double CalcFlatGain(double txPower, Ptr<MobilityModel> ue, Ptr<MobilityModel> bs) const;

    /**
     * Find the gain of the frequency-selective models.
     * \param ue mobility of the transmitter
     * \param bs mobility of the receiver
     * \return power gain without the flat gain, linear, of each RB of the band
     */
    Ptr<SpectrumValue> CalcSelectiveGain(Ptr<const MobilityModel> ue,
                                         Ptr<const MobilityModel> bs) const;

  private:
    /// Builds one loss model after the other.
    class Builder;

    /// Let a signal of 1 W/Hz on all RBs be what the frequency-selective models get.
    void SetSignal(Ptr<const OfdmaGrid> grid);

    Ptr<PropagationLossModel> m_flat;                     //!< first of the flat models, or null
    Ptr<SpectrumPropagationLossModel> m_selective;        //!< first of the selective ones, or null
    Ptr<PhasedArraySpectrumPropagationLossModel> m_array; //!< first of the array ones, or null
    Ptr<OfdmaAntenna> m_ueAntenna;                        //!< of the UE
    Ptr<OfdmaAntenna> m_bsAntenna;                        //!< of the BS towards this UE
    Ptr<SpectrumSignalParameters> m_signal;               //!< transmitted; null when flat
    std::vector<Ptr<Object>> m_models;                    //!< all, to be disposed of
};

} // namespace ns3

#endif // OFDMA_LOSS_CHAIN_H
