// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_UE_PHY_H
#define OFDMA_UE_PHY_H

#include "ofdma-link-adaptation.h"
#include "ofdma-power-control.h"
#include "ofdma-signal.h"

#include <ns3/mobility-model.h>
#include <ns3/spectrum-channel.h>
#include <ns3/spectrum-phy.h>

#include <optional>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The transmitter of a UE
 *
 * It spreads its power over the RBs of one RBG. It receives nothing: what comes down are control
 * messages, and those have a channel of their own.
 */
class OfdmaUePhy : public SpectrumPhy
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaUePhy();

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
     * \param ue id of the UE
     * \param grid of the cell
     */
    void Configure(uint32_t ue, Ptr<const OfdmaGrid> grid);

    /// \param powerControl sets the transmit power from now on
    void SetPowerControl(const OfdmaPowerControl& powerControl);
    /// \param linkAdaptation sets the MCS from now on
    void SetLinkAdaptation(const OfdmaLinkAdaptation& linkAdaptation);

    /// A TTI begins, in which the link to the BS has this gain, linear.
    void UpdatePower(double gain);
    /// A TTI begins, in which the UE has this SNR at the BS, linear.
    void UpdateMcs(uint32_t tti, double snr);

    /// \return id of the UE
    uint32_t GetUe() const;
    /// \return index of modulation and coding scheme
    uint32_t GetMcs() const;
    /// \return size of a transport block in bits
    uint32_t GetTransportBlockBits() const;
    /// \return transmit power in dBm
    double GetTxPower() const;
    /// \return PSD on the RBs that are transmitted on, in W/Hz
    double GetTxPsd() const;

    /// \return bandwidth of a transmission in Hz
    double GetBandwidth() const;

    /// Transmit on an RBG until the end of the TTI.
    void Transmit(uint32_t rbg);

  private:
    void DoDispose() override;

    /// Set the transmit power in dBm.
    void SetTxPower(double txPower);

    double m_txPower;                                    //!< dBm
    double m_txWatts;                                    //!< the same in W
    uint32_t m_mcs;                                      //!< index of modulation and coding scheme
    Ptr<NetDevice> m_device;                             //!< null until there is one
    Ptr<MobilityModel> m_mobility;                       //!< of the UE
    Ptr<SpectrumChannel> m_channel;                      //!< uplink
    Ptr<const OfdmaGrid> m_grid;                         //!< of the cell
    std::optional<OfdmaPowerControl> m_powerControl;     //!< none: the power stays as it is
    std::optional<OfdmaLinkAdaptation> m_linkAdaptation; //!< none: the MCS stays as it is
    Ptr<OfdmaSignalParameters> m_signal; //!< what leaves the UE, used again in each TTI
};

} // namespace ns3

#endif // OFDMA_UE_PHY_H
