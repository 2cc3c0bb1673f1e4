// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_BERNOULLI_TRAFFIC_H
#define OFDMA_BERNOULLI_TRAFFIC_H

#include "ofdma-traffic.h"

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief At most one arrival in a TTI, with the same probability in each
 */
class OfdmaBernoulliTraffic : public OfdmaTraffic
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    uint32_t DoArrive(uint32_t tti) override;

    double m_probability; //!< of an arrival in a TTI, at weight 1
};

} // namespace ns3

#endif // OFDMA_BERNOULLI_TRAFFIC_H
