// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_CONTROL_LOSS_H
#define OFDMA_CONTROL_LOSS_H

#include <ns3/object.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief How likely a control message is to be lost
 *
 * A fixed probability, and besides, if `Logistic` is set, one that falls with the SNR of the link
 * as 1 / (1 + exp((SNR - Midpoint) / Slope)), both in dB.
 */
class OfdmaControlLoss : public Object
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    /// \return whether the SNR matters
    bool UsesSnr() const;

    /// \return the probability that a message is lost at an SNR (linear; any number if it does not
    /// matter)
    double GetProbability(double snr) const;

    /**
     * \param gain of the link, linear, the same in both directions
     * \param bandwidth in Hz over which the BS spreads its power
     * \return SNR of the downlink, linear
     */
    double CalcDownlinkSnr(double gain, double bandwidth) const;

  private:
    double m_probability;   //!< whatever the SNR
    bool m_logistic;        //!< the SNR matters
    double m_midpoint;      //!< dB
    double m_slope;         //!< dB
    double m_bsTxPower;     //!< dBm
    double m_ueNoiseFigure; //!< dB
};

} // namespace ns3

#endif // OFDMA_CONTROL_LOSS_H
