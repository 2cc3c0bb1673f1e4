// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_BS_PHY_H
#define OFDMA_BS_PHY_H

#include "ofdma-coin.h"
#include "ofdma-error-model.h"
#include "ofdma-uplink-channel.h"

#include <ns3/spectrum-phy.h>
#include <ns3/traced-callback.h>

#include <vector>

namespace ns3
{

/// What became of an RBG in a TTI.
struct OfdmaReception
{
    uint32_t transmissions{0}; //!< UEs that transmitted on it
    int64_t decoded{-1};       //!< id of the UE that was decoded, or -1
};

/**
 * \ingroup ofdma-mac
 * \brief The receiver of the BS
 *
 * It collects the transmissions of a TTI and decides each RBG at its end: the strongest
 * transmission is decoded or not according to its SINR, with the others on the RBG as interference;
 * those others never are.
 */
class OfdmaBsPhy : public SpectrumPhy
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaBsPhy();

    // Inherited from SpectrumPhy
    void SetDevice(Ptr<NetDevice> device) override;
    Ptr<NetDevice> GetDevice() const override;
    void SetMobility(Ptr<MobilityModel> mobility) override;
    Ptr<MobilityModel> GetMobility() const override;
    void SetChannel(Ptr<SpectrumChannel> channel) override;
    Ptr<const SpectrumModel> GetRxSpectrumModel() const override;
    Ptr<Object> GetAntenna() const override;
    void StartRx(Ptr<SpectrumSignalParameters> params) override;

    /**
     * \param grid of the cell
     * \param coin of the environment
     */
    void Configure(Ptr<const OfdmaGrid> grid, OfdmaCoin coin);

    /// \return PSD of the thermal noise, with the receiver's noise figure, in W/Hz
    double GetNoisePsd() const;

    /// Forget the last TTI.
    void BeginTti(uint32_t tti);

    /// \return what became of each RBG; complete at the end of the TTI
    const std::vector<OfdmaReception>& GetReceptions() const;

    /**
     * \param ue id of a connected UE
     * \return its SNR without interference in this TTI, linear, averaged over the RBs of the band
     */
    double GetMeanSnr(uint32_t ue) const;

    /**
     * \param ue id of a connected UE
     * \param decoded gets for each RBG 1 if the UE would be decoded in this TTI if it were alone on
     * it, otherwise 0
     */
    void WouldDecode(uint32_t ue, uint8_t* decoded) const;

    /// TracedCallback signature: UE, RBG, SINR (linear, mean over the RBs), whether it was decoded
    typedef void (*DecodeTracedCallback)(uint32_t ue, uint32_t rbg, double sinr, bool decoded);

  private:
    void DoDispose() override;

    /// End of the TTI: decide each RBG.
    void EndRx();

    /// Decide one RBG with at least one transmission; \return id of the decoded UE, or -1
    int64_t Decide(uint32_t rbg) const;

    /// \return the transmission with the greatest power on an RBG
    const OfdmaSignalParameters& GetStrongest(uint32_t rbg) const;

    /// \return whether a block with the SINRs of m_sinr is decoded
    bool IsDecoded(uint32_t ue, uint32_t rbg, uint32_t mcs) const;

    /// Set the noise figure in dB.
    void SetNoiseFigure(double noiseFigure);
    /// \return noise figure in dB
    double GetNoiseFigure() const;

    Ptr<NetDevice> m_device;             //!< null until there is one
    Ptr<MobilityModel> m_mobility;       //!< of the BS
    Ptr<OfdmaUplinkChannel> m_channel;   //!< uplink
    Ptr<const OfdmaGrid> m_grid;         //!< of the cell
    Ptr<OfdmaErrorModel> m_errorModel;   //!< decides by SINR
    OfdmaCoin m_coin{0};                 //!< of the environment
    bool m_capture;                      //!< the strongest of several can be decoded
    double m_noiseFigure;                //!< dB
    double m_noisePsd;                   //!< W/Hz
    uint32_t m_tti{0};                   //!< the TTI under way
    bool m_receiving{false};             //!< something was transmitted in this TTI
    mutable std::vector<double> m_sinr;  //!< scratch: linear, of each RB of an RBG
    mutable std::vector<double> m_coins; //!< scratch: of each RBG

    std::vector<std::vector<Ptr<OfdmaSignalParameters>>> m_signals; //!< of this TTI, by RBG
    std::vector<OfdmaReception> m_receptions;                       //!< of this TTI, by RBG

    /// Each transport block that could have been decoded.
    TracedCallback<uint32_t, uint32_t, double, bool> m_decodeTrace;
};

} // namespace ns3

#endif // OFDMA_BS_PHY_H
