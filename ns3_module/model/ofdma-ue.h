// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_UE_H
#define OFDMA_UE_H

#include "ofdma-bound.h"
#include "ofdma-buffer.h"
#include "ofdma-decision-delay.h"
#include "ofdma-delay-line.h"
#include "ofdma-traffic.h"
#include "ofdma-ue-phy.h"

namespace ns3
{

/// What became of a UE's action in a TTI.
enum class OfdmaOutcome : uint8_t
{
    HELD,
    DECODED, //!< first decode
    DECODED_DUPLICATE,
    NOT_DECODED, //!< alone on its RBG or captured, and lost
    COLLIDED,    //!< with others on its RBG, none of which was decoded
    DELETED_DELIVERED,
    DELETED_LOST,
    INVALID //!< did not fit the state; became hold
};

/**
 * \ingroup ofdma-mac
 * \brief The state of one connected UE
 */
struct OfdmaUe
{
    /**
     * \param transmitter of the UE
     * \param arrivals to the UE
     * \param capacity of the buffer in dPDUs
     * \param controlDelay of UCMs and DCMs in TTIs
     * \param decisionDelay the longest of actions in TTIs
     */
    OfdmaUe(Ptr<OfdmaUePhy> transmitter,
            Ptr<OfdmaTraffic> arrivals,
            uint32_t capacity,
            uint32_t controlDelay,
            uint32_t decisionDelay)
        : id(transmitter->GetUe()),
          phy(transmitter),
          traffic(arrivals),
          buffer(capacity),
          decisions(decisionDelay),
          dcms(controlDelay),
          ucms(controlDelay + 1) // a UCM of TTI t reaches the BS in the leader phase of TTI t + 1
    {
    }

    uint32_t id;                           //!< of the UE
    Ptr<OfdmaUePhy> phy;                   //!< transmitter
    Ptr<OfdmaTraffic> traffic;             //!< what arrives
    OfdmaBuffer buffer;                    //!< dPDUs
    OfdmaDecisionLine<uint16_t> decisions; //!< UE actions on their way to effect
    OfdmaDelayLine dcms;                   //!< on their way to the UE
    OfdmaDelayLine ucms;                   //!< on their way to the BS
    OfdmaUeBound bound;                    //!< what it could have delivered alone
    uint16_t dcm{0};                       //!< that reached the UE in this TTI, 0: none
    uint16_t ucm{0};                       //!< that reached the BS in this TTI, 0: none
    uint16_t lastUcm{0};                   //!< sent last, 0: never one
    uint16_t lastAction{0};                //!< UE action that took effect in the last TTI
    uint16_t access{0};                    //!< that takes effect in this TTI
    bool invalid{false};                   //!< the access chosen did not fit the state
    double snr{0};                         //!< linear, of this TTI; 0 without radio
    double snrSum{0};                      //!< of the linear SNRs of all TTIs since it joined
    uint32_t snrs{0};                      //!< number of them
};

} // namespace ns3

#endif // OFDMA_UE_H
