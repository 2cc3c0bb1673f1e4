// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_CELL_H
#define OFDMA_CELL_H

#include "ofdma-bs-phy.h"
#include "ofdma-churn.h"
#include "ofdma-codes.h"
#include "ofdma-control-loss.h"
#include "ofdma-statistics.h"
#include "ofdma-ue.h"

#include <functional>
#include <memory>
#include <vector>

namespace ns3
{

/// A downlink control message.
struct OfdmaDcm
{
    uint32_t ue;   //!< id of the UE
    uint16_t code; //!< DCM code
};

/**
 * \ingroup ofdma-mac
 * \brief One cell, an environment: the game of docs/game.md
 *
 * A TTI is BeginTti(), SendDcms(), DeliverDcms(), Act() and, at its end, EndTti(); OfdmaLockstep
 * makes these calls at their times. All that is drawn comes from the seed, nothing from the
 * actions.
 */
class OfdmaCell : public Object
{
  public:
    /// What a UE is made of.
    struct UeParts
    {
        Ptr<OfdmaUePhy> phy;       //!< transmitter, with its link in the channel
        Ptr<OfdmaTraffic> traffic; //!< what arrives to it
    };

    /// Makes the parts of the UE with this id.
    using UeFactory = std::function<UeParts(uint32_t ue)>;

    /// \return the TypeId
    static TypeId GetTypeId();

    OfdmaCell();
    ~OfdmaCell() override;

    /**
     * \param codes code table of the cell
     * \param bs receiver
     * \param channel uplink
     * \param churn joins and leaves, in order of TTI
     * \param delay of decisions
     * \param factory makes UEs
     */
    void Configure(OfdmaCodes codes,
                   Ptr<OfdmaBsPhy> bs,
                   Ptr<OfdmaUplinkChannel> channel,
                   std::vector<OfdmaChurnEvent> churn,
                   OfdmaDecisionDelay delay,
                   UeFactory factory);

    /// \name The steps of a TTI
    ///@{

    /// Boundary before a TTI: leaves, joins, arrivals, channel, and the UCMs that reach the BS.
    void BeginTti(uint32_t tti);

    /**
     * The BS decides to send DCMs, at most one to each UE; those of the decision that takes effect
     * in this TTI are sent. \param dcms ids ascend and exist or existed; codes are in the table
     * \param count number of them
     */
    void SendDcms(const OfdmaDcm* dcms, std::size_t count);

    /// DCMs reach their UEs; an ack may remove a dPDU.
    void DeliverDcms();

    /**
     * The UEs decide on channel access and UCMs; what takes effect in this TTI is carried out.
     * \param actions UE action codes in the table, one for each connected UE in their order
     */
    void Act(const uint16_t* actions);

    /// End of the TTI: deliveries, deletions and utility.
    void EndTti();
    ///@}

    /// \name What can be seen
    ///@{

    /// \return length of the episode in TTIs, T
    uint32_t GetTtis() const;
    /// \return the code table
    const OfdmaCodes& GetCodes() const;
    /// \return the receiver
    Ptr<OfdmaBsPhy> GetBs() const;
    /// \return the uplink
    Ptr<OfdmaUplinkChannel> GetChannel() const;
    /// \return connected UEs, ids ascending
    const std::vector<std::unique_ptr<OfdmaUe>>& GetUes() const;
    /// \return number of UEs that were ever connected; their ids are below it
    uint32_t GetUeTotal() const;
    /// \return whether a UE may send a UCM in the TTI under way
    bool HasUcmOpportunity(const OfdmaUe& ue) const;
    /**
     * \return the mean SNR of a UE since it joined, this TTI included, in dB, not less than
     * LEAST_SNR_DB; NaN without radio
     */
    double GetMeanSnrDb(const OfdmaUe& ue) const;
    /// \return accounts
    const OfdmaStatistics& GetStatistics() const;
    /// \return counters of the last TTI
    const OfdmaStatistics::Counters& GetLastCounters() const;
    /// \return what the last TTI paid the leader
    double GetLeaderUtility() const;
    /// \return what the last TTI paid those UEs that acted in it, in their order
    const std::vector<double>& GetFollowerUtilities() const;
    /// \return outcomes of those UEs that acted in the last TTI, in their order
    const std::vector<OfdmaOutcome>& GetOutcomes() const;
    /// \return for each RBG of the last TTI IDLE, UNDECODABLE or the id of the UE that was decoded
    const std::vector<int32_t>& GetRbgOutcomes() const;
    /// \return for each RBG of the last TTI 1 where what was decoded had been decoded before
    const std::vector<uint8_t>& GetRbgDuplicates() const;
    /**
     * \return UEs x RBGs, row-major: 1 where a UE would be decoded in this TTI if it were alone;
     * only with the attributes WouldDecode or Bound, all 0 after the last TTI
     */
    const std::vector<uint8_t>& GetWouldDecode() const;
    /// \return dPDUs that no protocol can exceed; NaN without the attribute Bound
    double GetBound() const;
    ///@}

    static constexpr double LEAST_SNR_DB = -1000; //!< of GetMeanSnrDb()
    static constexpr int32_t IDLE = -1;           //!< nobody transmitted on the RBG
    static constexpr int32_t UNDECODABLE = -2;    //!< somebody did, and was not decoded

    /// TracedCallback signature: id of a UE
    typedef void (*UeTracedCallback)(uint32_t ue);
    /// TracedCallback signature: id of a UE and delay in TTIs
    typedef void (*DeliveryTracedCallback)(uint32_t ue, uint32_t delay);
    /// TracedCallback signature: id of a UE, code of the message, whether it is lost
    typedef void (*MessageTracedCallback)(uint32_t ue, uint16_t code, bool lost);

  private:
    void DoDispose() override;

    /// Leaves and joins before the TTI under way.
    void Churn();
    /// A UE joins with an empty buffer.
    void Join();
    /// A UE leaves.
    void Leave(uint32_t ue);
    /// New dPDUs arrive.
    void Arrive();
    /// Draw the channel, and find who would be decoded if that is asked for.
    void UpdateRadio();
    /// Find who would be decoded where, and what the bound makes of it.
    void FindWouldDecode();

    /// Send the DCMs of a decision, as far as they fit the state.
    void Send(const std::vector<OfdmaDcm>& dcms);
    /// \return the probability that a DCM to a UE is lost in this TTI
    double CalcDcmLoss(const OfdmaUe& ue) const;

    /// Carry out what a UE decided in view of the observation of a TTI.
    void Act(OfdmaUe& ue, uint32_t observed, uint16_t action);
    /// \return whether a UE may send a UCM in answer to the observation of a TTI
    bool HasUcmOpportunity(const OfdmaUe& ue, uint32_t tti) const;
    /// \return the access that takes effect, and note when it is not the one chosen
    uint16_t CheckAccess(OfdmaUe& ue, uint16_t access) const;
    /// Send a UCM, unless it is null or lost.
    void SendUcm(OfdmaUe& ue, uint16_t ucm);

    /// Find out what became of each RBG.
    void Receive();
    /// The BS decoded a UE's head of line. \return whether it had been decoded before
    bool Decode(OfdmaUe& ue);
    /// Carry out a deletion, and find out what became of a UE's access.
    OfdmaOutcome Conclude(OfdmaUe& ue);
    /// \return the utility of the TTI that all share by default
    double CalcSharedUtility() const;
    /// \return the leader's utility of the TTI
    double CalcLeaderUtility() const;
    /// \return a follower's own utility of the TTI
    double CalcOwnUtility(const OfdmaUe& ue, OfdmaOutcome outcome) const;

    // Attributes
    uint64_t m_seed;                     //!< of the environment
    uint32_t m_ttis;                     //!< length of the episode
    uint32_t m_initialUes;               //!< connected at TTI 0
    uint32_t m_bufferCapacity;           //!< dPDUs
    bool m_ackDeletes;                   //!< a received ack removes a delivered head of line
    uint32_t m_controlDelay;             //!< TTIs
    uint32_t m_maxDcms;                  //!< per TTI; 0: no limit
    uint32_t m_ucmPeriod;                //!< TTIs
    double m_rho;                        //!< utility of a first decode
    bool m_proportionalFair;             //!< the leader's utility, instead of the shared one
    double m_signallingCost;             //!< of a bit to the leader, if it is proportional fair
    bool m_ownUtilities;                 //!< of the followers, instead of the shared one
    double m_transmissionCost;           //!< of a transmission, to a follower with its own utility
    bool m_hasRadio;                     //!< links have a gain
    bool m_wantWouldDecode;              //!< find out who would be decoded
    bool m_wantBound;                    //!< compute the bound
    Ptr<OfdmaControlLoss> m_controlLoss; //!< of UCMs and DCMs

    OfdmaCoin m_coin{0};                  //!< of the environment
    OfdmaCodes m_codes{1, {false, 2}};    //!< code table
    Ptr<OfdmaBsPhy> m_bs;                 //!< receiver
    Ptr<OfdmaUplinkChannel> m_channel;    //!< uplink
    std::vector<OfdmaChurnEvent> m_churn; //!< in order of TTI
    std::size_t m_nextChurn{0};           //!< first event that has not taken place
    OfdmaDecisionDelay m_delay;           //!< of decisions
    UeFactory m_factory;                  //!< makes UEs
    OfdmaDecisionLine<std::vector<OfdmaDcm>> m_decisions{0}; //!< of the BS, on their way to effect

    uint32_t m_tti{0};                           //!< under way
    std::vector<std::unique_ptr<OfdmaUe>> m_ues; //!< connected, ids ascending
    std::vector<OfdmaUe*> m_byId;                //!< null: has left
    bool m_hadBacklog{false};                    //!< when the TTI began
    OfdmaStatistics m_statistics{0};             //!< accounts
    OfdmaStatistics::Counters m_lastCounters{};  //!< of the last TTI
    double m_leaderUtility{0};                   //!< of the last TTI
    std::vector<double> m_followerUtilities;     //!< of the last TTI, by UE that acted
    std::vector<OfdmaOutcome> m_outcomes;        //!< of the last TTI, by UE that acted
    std::vector<int32_t> m_rbgOutcomes;          //!< of the last TTI
    std::vector<uint8_t> m_rbgDuplicates;        //!< of the last TTI
    std::vector<uint8_t> m_wouldDecode;          //!< UEs x RBGs
    OfdmaBound m_bound;                          //!< of the whole cell

    TracedCallback<uint32_t> m_joinTrace;                //!< a UE joined
    TracedCallback<uint32_t> m_leaveTrace;               //!< a UE left
    TracedCallback<uint32_t> m_dropTrace;                //!< a dPDU met a full buffer
    TracedCallback<uint32_t, uint32_t> m_deliveryTrace;  //!< a first decode
    TracedCallback<uint32_t, uint16_t, bool> m_ucmTrace; //!< a UCM was sent
    TracedCallback<uint32_t, uint16_t, bool> m_dcmTrace; //!< a DCM was sent
};

} // namespace ns3

#endif // OFDMA_CELL_H
