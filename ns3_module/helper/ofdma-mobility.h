// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_MOBILITY_H
#define OFDMA_MOBILITY_H

#include <ns3/mobility-model.h>
#include <ns3/ofdma-model-spec.h>

namespace ns3
{

/// Where the UEs of a cell are at home: a disc around the BS at the origin.
struct OfdmaRegion
{
    double radius;   //!< m
    double ueHeight; //!< m
    double ceiling;  //!< height of the highest node, m
};

/// Random streams that the mobility of one UE may use.
constexpr int64_t OFDMA_MOBILITY_STREAMS = 100;

/**
 * \ingroup ofdma-mac
 * \brief Make a node that stands still
 * \param position in m
 * \return its mobility
 */
Ptr<MobilityModel> CreateOfdmaStandingNode(const Vector& position);

/**
 * \ingroup ofdma-mac
 * \brief Make a node that moves from a position on
 *
 * Bounds and destinations that the spec does not give are those of the region: the square around
 * the disc, or the disc. NS_ABORT when the model cannot work, which FindOfdmaChannelProblem() tells
 * before. Seed and run of RngSeedManager must be those of the environment.
 *
 * \param spec of a MobilityModel
 * \param region where UEs are at home
 * \param position where it starts, in m
 * \param firstStream the first of OFDMA_MOBILITY_STREAMS random streams
 * \return its mobility
 */
Ptr<MobilityModel> CreateOfdmaMovingNode(const OfdmaModelSpec& spec,
                                         const OfdmaRegion& region,
                                         const Vector& position,
                                         int64_t firstStream);

} // namespace ns3

#endif // OFDMA_MOBILITY_H
