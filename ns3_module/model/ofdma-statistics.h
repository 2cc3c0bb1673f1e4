// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_STATISTICS_H
#define OFDMA_STATISTICS_H

#include <array>
#include <cstdint>
#include <vector>

namespace ns3
{

/// What is counted in each TTI; the backlog is a gauge at its end.
enum class OfdmaCounter : uint32_t
{
    ARRIVED,       //!< dPDUs that arrived at the boundary before the TTI
    DELIVERED,     //!< first decodes
    DUPLICATE,     //!< decodes of what had been decoded
    LOST,          //!< deleted undelivered
    DROPPED,       //!< arrived to a full buffer
    DISCARDED,     //!< undelivered in the buffer of a UE that left
    BACKLOG,       //!< buffered and undelivered
    TRANSMISSION,  //!< UEs that transmitted
    COLLISION,     //!< RBGs with two or more transmissions and no decode
    IDLE,          //!< RBGs without a transmission while a UE had undelivered backlog
    DECISION,      //!< UE actions and DCMs received from the agents
    INVALID,       //!< those that did not fit the state
    UCM_BITS,      //!< sent, whether delivered or not
    DCM_BITS,      //!< sent, whether delivered or not
    UCM,           //!< messages sent, null not counted
    DCM,           //!< messages sent, null not counted
    DELIVERED_BIT, //!< of first decodes
    COUNT          //!< number of counters
};

/**
 * \ingroup ofdma-mac
 * \brief The accounts of one episode
 */
class OfdmaStatistics
{
  public:
    /// Counter values of one TTI.
    using Counters = std::array<int32_t, static_cast<std::size_t>(OfdmaCounter::COUNT)>;

    /// \param ttis length of the episode, T
    explicit OfdmaStatistics(uint32_t ttis);

    /// A TTI begins: clear what is counted in each TTI.
    void BeginTti();
    /// A UE joins; ids are 0, 1, ... in the order of joining.
    void Join();
    /// A dPDU of a UE arrives at the boundary before a TTI.
    void Arrive(uint32_t ue, uint32_t tti, bool dropped);
    /// A dPDU that arrived before TTI `arrival` is decoded for the first time.
    void Deliver(uint32_t ue, uint32_t arrival, uint32_t tti);
    /// The head of line of a UE is deleted undelivered.
    void Lose();
    /// A UE leaves with so many undelivered dPDUs.
    void Discard(uint32_t undelivered);
    /// Count something that has no further consequence here.
    void Count(OfdmaCounter counter, uint32_t amount = 1);

    /// \return counters of the TTI under way
    const Counters& GetCounters() const;
    /// \return one counter of the TTI under way
    int32_t Get(OfdmaCounter counter) const;
    /// \return dPDUs that arrived, by UE
    const std::vector<uint32_t>& GetArrived() const;
    /// \return dPDUs that were delivered, by UE
    const std::vector<uint32_t>& GetDelivered() const;
    /**
     * \return dPDUs by delay in TTIs, 0 to T; one that was not delivered counts with the age that
     * it has at the end of the episode
     */
    const std::vector<uint32_t>& GetDelayHistogram() const;

  private:
    /// \return one counter
    int32_t& At(OfdmaCounter counter);

    Counters m_counters{};                  //!< of the TTI under way
    std::vector<uint32_t> m_arrived;        //!< by UE
    std::vector<uint32_t> m_delivered;      //!< by UE
    std::vector<uint32_t> m_delayHistogram; //!< by delay
};

} // namespace ns3

#endif // OFDMA_STATISTICS_H
