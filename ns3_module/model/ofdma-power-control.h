// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_POWER_CONTROL_H
#define OFDMA_POWER_CONTROL_H

#include <cstdint>
#include <optional>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Open-loop power control of a UE, 3GPP TS 36.213 clause 5.1.1.1
 *
 * P = min(Pmax, P0 + 10 log10(M) + alpha PL) dBm over M RBs. The UE takes its path loss PL from the
 * gain of its own link, antennas and shadowing included, filtered over TTIs as 3GPP TS 36.331
 * clause 5.5.3.2 filters RSRP, so that it follows shadowing and not fast fading.
 */
class OfdmaPowerControl
{
  public:
    /// F(n) = (1 - a) F(n - 1) + a M(n) with a = 2^(-k/4) and the filter coefficient k = 19.
    static constexpr double FILTER = 0.037162722343835025;

    /**
     * \param p0 dBm per RB
     * \param alpha share of the path loss that is made up for, 0 to 1
     * \param greatest power in dBm, Pmax
     * \param rbs RBs of a transmission, M
     */
    OfdmaPowerControl(double p0, double alpha, double greatest, uint32_t rbs);

    /**
     * Measure the link in another TTI.
     * \param gain linear
     * \return transmit power in dBm
     */
    double Update(double gain);

  private:
    double m_base;                //!< P0 + 10 log10(M), dBm
    double m_alpha;               //!< 0 to 1
    double m_greatest;            //!< dBm
    std::optional<double> m_gain; //!< filtered, linear; none before the first measurement
};

} // namespace ns3

#endif // OFDMA_POWER_CONTROL_H
