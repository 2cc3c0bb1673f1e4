// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_SCENARIO_H
#define OFDMA_SCENARIO_H

#include <ns3/ofdma-bernoulli-traffic.h>
#include <ns3/ofdma-cell.h>
#include <ns3/ofdma-internet.h>
#include <ns3/ofdma-loss-chain.h>
#include <ns3/ofdma-poisson-churn.h>
#include <ns3/vector.h>

#include <optional>
#include <string>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief What one cell is; the fields and units of scenario.proto
 */
struct OfdmaScenario
{
    /// Which error model decides.
    enum ErrorModel
    {
        FIXED_TBLER, //!< with TBLER 0 the ideal collision channel
        SINR_THRESHOLD,
        MUTUAL_INFORMATION
    };

    /// Loss of control messages by the SNR; the attributes of OfdmaControlLoss.
    struct ControlSnrLoss
    {
        double midpoint;      //!< dB
        double slope;         //!< dB
        double bsTxPower;     //!< dBm
        double ueNoiseFigure; //!< dB
    };

    /// Open loop; the parameters of OfdmaPowerControl.
    struct PowerControl
    {
        double p0;    //!< dBm per RB
        double alpha; //!< 0 to 1
    };

    /// The parameters of OfdmaLinkAdaptation.
    struct LinkAdaptation
    {
        uint32_t period;   //!< TTIs
        uint32_t delay;    //!< TTIs
        double targetBler; //!< above 0, below 1
    };

    uint32_t ttis{200};                   //!< length of an episode
    uint32_t ues{4};                      //!< connected at TTI 0
    uint32_t rbgs{2};                     //!< RBGs
    uint32_t bufferCapacity{20};          //!< dPDUs
    bool ackDeletes{false};               //!< a received ack removes the dPDU
    OfdmaVocabulary vocabulary{false, 6}; //!< of control messages
    ObjectFactory traffic{MakeOfdmaTraffic<OfdmaBernoulliTraffic>()}; //!< of each UE
    std::optional<OfdmaInternetSpec> internet;                        //!< instead of traffic
    std::vector<double> trafficWeights; //!< of UE 0, 1, ..., repeated in turn; none: all 1
    std::vector<OfdmaChurnEvent> churn; //!< in order of TTI
    std::optional<OfdmaPoissonChurn> poissonChurn; //!< instead of churn
    std::vector<double> decisionDelay; //!< probabilities of 0, 1, ... TTIs; none: no delay
    double controlLossProbability{0};  //!< of each UCM and DCM
    std::optional<ControlSnrLoss> controlSnrLoss; //!< besides
    uint32_t controlDelay{0};                     //!< TTIs
    uint32_t maxDcmsPerTti{0};                    //!< 0: no limit
    uint32_t ucmPeriod{1};                        //!< TTIs
    double carrierFrequency{2e9};                 //!< Hz
    uint32_t rbsPerRbg{4};                        //!< RBs in an RBG
    uint32_t numerology{0};                       //!< mu
    double txPower{23};                           //!< dBm
    double noiseFigure{5};                        //!< dB
    uint32_t mcs{9};                          //!< 0 to 28; of a UE with no known channel quality
    std::optional<PowerControl> powerControl; //!< none: always txPower
    std::optional<LinkAdaptation> linkAdaptation; //!< none: always mcs
    bool capture{true};            //!< the strongest of several on one RBG can be decoded
    double radius{500};            //!< of the ring on which UEs are placed, m
    double minDistance{35};        //!< inner radius of the ring, m
    double bsHeight{25};           //!< m
    double ueHeight{1.5};          //!< m
    std::vector<Vector> positions; //!< of UE 0, 1, ..., m; the others are placed
    OfdmaModelSpec mobility{"ns3::ConstantPositionMobilityModel", {}}; //!< of the UEs
    std::vector<OfdmaModelSpec> channel;     //!< loss models; none: no loss, no SNR
    std::optional<OfdmaModelSpec> bsAntenna; //!< none: isotropic
    std::optional<OfdmaModelSpec> ueAntenna; //!< none: isotropic
    ErrorModel errorModel{FIXED_TBLER};      //!< decides on transport blocks
    double tbler{0.001};                     //!< of FIXED_TBLER
    double threshold{3};                     //!< of SINR_THRESHOLD, dB
    double rho{3};                           //!< utility of a first decode
    /// Of a bit of control messages to a proportional fair leader; none: it shares the utility.
    std::optional<double> signallingCost;
    /// Of a transmission to a UE with a utility of its own; none: UEs share the utility.
    std::optional<double> transmissionCost;
};

} // namespace ns3

#endif // OFDMA_SCENARIO_H
