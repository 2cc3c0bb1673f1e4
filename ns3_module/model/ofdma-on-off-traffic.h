// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_ON_OFF_TRAFFIC_H
#define OFDMA_ON_OFF_TRAFFIC_H

#include "ofdma-traffic.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Bursts: arrivals while on, silence while off
 *
 * A Markov chain with two states, in which both sojourns are geometric; the UE joins in its
 * stationary distribution, on with probability MeanOn / (MeanOn + MeanOff).
 */
class OfdmaOnOffTraffic : public OfdmaTraffic
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    void DoJoin(uint32_t ue, uint32_t tti) override;
    uint32_t DoArrive(uint32_t tti) override;

    double m_meanOn;      //!< TTIs
    double m_meanOff;     //!< TTIs
    double m_probability; //!< of an arrival in a TTI while on, at weight 1

    bool m_on{false}; //!< in the TTI that comes next
};

} // namespace ns3

#endif // OFDMA_ON_OFF_TRAFFIC_H
