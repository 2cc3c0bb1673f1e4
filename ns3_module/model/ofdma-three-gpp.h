// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_THREE_GPP_H
#define OFDMA_THREE_GPP_H

#include "ofdma-model-spec.h"

#include <ns3/channel-condition-model.h>
#include <ns3/three-gpp-channel-model.h>
#include <ns3/three-gpp-propagation-loss-model.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Give a 3GPP path loss the channel condition model that its type needs, unless it has one
 * \return the channel condition model
 */
Ptr<ChannelConditionModel> CompleteOfdmaPathLoss(Ptr<ThreeGppPropagationLossModel> pathLoss);

/**
 * \ingroup ofdma-mac
 * \brief Make the channel matrix model of 3GPP fast fading
 *
 * Unless it is given, the frequency is that of the carrier, the scenario and the channel condition
 * are those of the path loss, and a new realisation is drawn every 10 ms.
 *
 * \param spec of a ThreeGppChannelModel
 * \param frequency of the carrier in Hz
 * \param pathLoss of the same link, or null: urban macro
 * \return a model with a channel condition model
 */
Ptr<ThreeGppChannelModel> CreateOfdmaChannelModel(const OfdmaModelSpec& spec,
                                                  double frequency,
                                                  Ptr<ThreeGppPropagationLossModel> pathLoss);

} // namespace ns3

#endif // OFDMA_THREE_GPP_H
