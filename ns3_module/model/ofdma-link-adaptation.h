// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_LINK_ADAPTATION_H
#define OFDMA_LINK_ADAPTATION_H

#include <array>
#include <cstdint>
#include <deque>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Channel quality of a SNR, as ns3::LteAmc with its MI error model has it
 *
 * The CQI is the greatest of those whose MCS, by LteAmc::GetMcsFromCqi(), has at most a target
 * TBLER by ns3::LteMiErrorModel for an uplink transport block on one RBG; 0 when there is none.
 * LteAmc itself knows no other target than 0.1.
 */
class OfdmaCqiTable
{
  public:
    /**
     * \param rbs RBs of an RBG
     * \param target TBLER
     */
    OfdmaCqiTable(uint32_t rbs, double target);

    /// \return the table of a process for these parameters
    static const OfdmaCqiTable& Get(uint32_t rbs, double target);

    /// \return CQI, 0 to 15, of a SNR, linear
    uint32_t GetCqi(double snr) const;

    /// \return MCS of a CQI, 0 to 28
    static uint32_t GetMcs(uint32_t cqi);

  private:
    static constexpr uint32_t GREATEST_CQI = 15; //!< 3GPP TS 36.213 table 7.2.3-1

    std::array<double, GREATEST_CQI> m_least; //!< least SNR, linear, of CQI 1, 2, ...
};

/**
 * \ingroup ofdma-mac
 * \brief Link adaptation of one UE: the MCS follows its SNR as the BS measured it some TTIs before
 */
class OfdmaLinkAdaptation
{
  public:
    /**
     * \param table of the CQIs, which outlives this
     * \param period from one measurement to the next in TTIs; the BS measures in TTIs with
     * tti mod period = 0
     * \param delay from a measurement to its use in TTIs
     * \param mcs before a measurement can be used
     */
    OfdmaLinkAdaptation(const OfdmaCqiTable& table, uint32_t period, uint32_t delay, uint32_t mcs);

    /**
     * A TTI begins.
     * \param tti the TTI; called for each since the UE joined
     * \param snr of the UE in it, linear
     * \return MCS of what the UE transmits in it
     */
    uint32_t Update(uint32_t tti, double snr);

  private:
    /// A measurement on its way to its use.
    struct Measurement
    {
        uint32_t due; //!< first TTI in which it counts
        uint32_t mcs; //!< that it stands for
    };

    const OfdmaCqiTable* m_table;       //!< of the CQIs
    uint32_t m_period;                  //!< TTIs
    uint32_t m_delay;                   //!< TTIs
    uint32_t m_mcs;                     //!< in use
    std::deque<Measurement> m_underWay; //!< in the order of their TTIs
};

} // namespace ns3

#endif // OFDMA_LINK_ADAPTATION_H
