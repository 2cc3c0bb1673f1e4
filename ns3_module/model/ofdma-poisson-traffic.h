// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_POISSON_TRAFFIC_H
#define OFDMA_POISSON_TRAFFIC_H

#include "ofdma-traffic.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief A Poisson number of arrivals in each TTI
 */
class OfdmaPoissonTraffic : public OfdmaTraffic
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    uint32_t DoArrive(uint32_t tti) override;

    double m_mean; //!< arrivals in a TTI, at weight 1
};

} // namespace ns3

#endif // OFDMA_POISSON_TRAFFIC_H
