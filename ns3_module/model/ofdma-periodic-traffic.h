// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_PERIODIC_TRAFFIC_H
#define OFDMA_PERIODIC_TRAFFIC_H

#include "ofdma-traffic.h"

#include <functional>
#include <queue>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief One arrival in each period, late by a jitter
 *
 * Arrival k = 0, 1, ... of a UE that joined before TTI j is due in TTI
 * j + floor((phase + k) * period / weight), with a phase uniform in [0, 1) that is the UE's own,
 * and comes 0 to `Jitter` TTIs later, uniformly. A late one may come after the next one.
 */
class OfdmaPeriodicTraffic : public OfdmaTraffic
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    void DoJoin(uint32_t ue, uint32_t tti) override;
    uint32_t DoArrive(uint32_t tti) override;

    uint32_t m_period; //!< TTIs, at weight 1
    uint32_t m_jitter; //!< greatest lateness in TTIs

    uint32_t m_join{0}; //!< TTI
    double m_phase{0};  //!< periods from the join to the first arrival
    uint32_t m_next{0}; //!< number of the first arrival that was not due yet

    /// TTIs of the arrivals that are due and have not come, the earliest on top.
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> m_late;
};

} // namespace ns3

#endif // OFDMA_PERIODIC_TRAFFIC_H
