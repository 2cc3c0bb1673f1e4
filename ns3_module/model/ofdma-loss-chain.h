// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_LOSS_CHAIN_H
#define OFDMA_LOSS_CHAIN_H

#include <ns3/mobility-model.h>
#include <ns3/propagation-loss-model.h>
#include <ns3/simple-ref-count.h>
#include <ns3/spectrum-propagation-loss-model.h>

#include <map>
#include <string>
#include <vector>

namespace ns3
{

/// A loss model by the name of its TypeId, with attributes as ns-3 writes them.
struct OfdmaModelSpec
{
    std::string typeId;                            //!< for instance "ns3::FriisPropagationLossModel"
    std::map<std::string, std::string> attributes; //!< value by name
};

/**
 * \ingroup ofdma-mac
 * \brief The loss models of one link, chained
 *
 * Each UE has an instance of its own, with random streams of its own, so that its channel depends
 * on nobody else.
 */
class OfdmaLossChain : public SimpleRefCount<OfdmaLossChain>
{
  public:
    /// Random streams that one chain may use.
    static constexpr int64_t STREAMS = 1000;

    /**
     * Build the models; FindOfdmaModelProblem() must have found nothing wrong with them.
     * Seed and run of RngSeedManager must be those of the environment.
     * \param specs the models; the frequency-selective ones follow the others
     * \param firstStream the first of STREAMS random streams
     */
    OfdmaLossChain(const std::vector<OfdmaModelSpec>& specs, int64_t firstStream);

    /// \return whether the gain depends on the frequency within the band
    bool IsFrequencySelective() const;

    /**
     * Draw the gain that is common to all frequencies. Models with fading draw anew at each call.
     * \param txPower in dBm
     * \param ue mobility of the transmitter
     * \param bs mobility of the receiver
     * \return power gain, linear
     */
    double CalcFlatGain(double txPower, Ptr<MobilityModel> ue, Ptr<MobilityModel> bs) const;

    /**
     * Apply the frequency-selective models.
     * \param signal that leaves the UE, on all RBs
     * \param ue mobility of the transmitter
     * \param bs mobility of the receiver
     * \return PSD received without the flat gain, in W/Hz
     */
    Ptr<SpectrumValue> CalcSelectivePsd(Ptr<const SpectrumSignalParameters> signal,
                                        Ptr<const MobilityModel> ue,
                                        Ptr<const MobilityModel> bs) const;

  private:
    Ptr<PropagationLossModel> m_flat;              //!< first of the flat models, or null
    Ptr<SpectrumPropagationLossModel> m_selective; //!< first of the selective ones, or null
};

} // namespace ns3

#endif // OFDMA_LOSS_CHAIN_H
