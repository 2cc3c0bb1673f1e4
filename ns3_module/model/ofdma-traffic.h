// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_TRAFFIC_H
#define OFDMA_TRAFFIC_H

#include "ofdma-coin.h"

#include <ns3/object-factory.h>
#include <ns3/object.h>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The dPDUs that arrive to one UE
 *
 * What arrives depends on the seed, the UE, the TTI in which it joined and the TTI alone; with IP,
 * it depends on what became of earlier dPDUs where a protocol above looks at that.
 */
class OfdmaTraffic : public Object
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

    /**
     * The UE joins.
     * \param coin of the environment
     * \param ue id of the UE
     * \param tti before which it joins
     */
    void Join(OfdmaCoin coin, uint32_t ue, uint32_t tti);

    /**
     * \param tti one after the other, from that in which the UE joined
     * \return dPDUs that arrive at the boundary before it
     */
    uint32_t Arrive(uint32_t tti);

    /// \name What becomes of the dPDUs
    ///@{

    /**
     * The buffer takes what arrived, as far as there is room.
     * \param arrivals dPDUs that arrived at this boundary
     * \param room of the buffer in dPDUs
     * \return dPDUs that enter the buffer; the others are dropped
     */
    uint32_t Admit(uint32_t arrivals, uint32_t room);
    /// The head-of-line dPDU was decoded for the first time.
    void Deliver();
    /// The head-of-line dPDU leaves the buffer. \param delivered whether it was ever decoded
    void Remove(bool delivered);
    /// The UE leaves; its buffer is discarded.
    void Leave();
    ///@}

  protected:
    /// \return factor of the load of this UE
    double GetWeight() const;
    /// \return a number uniform in [0, 1) for this UE
    double Toss(OfdmaCoin::Purpose purpose, uint32_t tti = 0) const;
    /// \return a Poisson number of arrivals for this UE
    uint32_t TossPoisson(double mean, uint32_t tti) const;

  private:
    /// The UE joins. \param ue its id \param tti before which it joins
    virtual void DoJoin(uint32_t ue, uint32_t tti);
    /// \return dPDUs that arrive at the boundary before a TTI
    virtual uint32_t DoArrive(uint32_t tti) = 0;
    /// \return dPDUs that enter the buffer: as many as there is room for
    virtual uint32_t DoAdmit(uint32_t arrivals, uint32_t room);
    /// The head-of-line dPDU was decoded for the first time.
    virtual void DoDeliver();
    /// The head-of-line dPDU leaves the buffer. \param delivered whether it was ever decoded
    virtual void DoRemove(bool delivered);
    /// The UE leaves.
    virtual void DoLeave();

    double m_weight;     //!< factor of the load
    OfdmaCoin m_coin{0}; //!< of the environment
    uint32_t m_ue{0};    //!< id
};

/// \return a factory of traffic of one kind with these attributes
template <typename Kind, typename... Attributes>
ObjectFactory
MakeOfdmaTraffic(Attributes&&... attributes)
{
    ObjectFactory factory;
    factory.SetTypeId(Kind::GetTypeId());
    factory.Set(std::forward<Attributes>(attributes)...);
    return factory;
}

} // namespace ns3

#endif // OFDMA_TRAFFIC_H
