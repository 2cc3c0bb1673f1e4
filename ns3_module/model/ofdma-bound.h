// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_BOUND_H
#define OFDMA_BOUND_H

#include <cstdint>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief What one UE could have delivered, had it the cell for itself
 */
class OfdmaUeBound
{
  public:
    /// A dPDU arrived at the boundary before this TTI.
    void Arrive();

    /**
     * Deliver a dPDU as early as possible.
     * \param tti TTI in which some RBG would decode this UE
     * \param spacing least number of TTIs from one first decode to the next
     * \return whether a dPDU could be delivered
     */
    bool Deliver(uint32_t tti, uint32_t spacing);

  private:
    uint32_t m_backlog{0}; //!< arrived and not yet delivered
    uint32_t m_next{0};    //!< first TTI in which the spacing allows a decode
};

/**
 * \ingroup ofdma-mac
 * \brief An upper bound on the deliveries of any protocol in a cell
 *
 * F(t) = min(F(t - 1) + m(t), U(t)), with m(t) the RBGs on which some UE would be decoded in TTI t
 * and U(t) the sum over UEs of what each could have delivered alone up to TTI t. docs/phy.md has
 * the argument.
 */
class OfdmaBound
{
  public:
    /**
     * Account for a TTI.
     * \param usefulRbgs m(t)
     * \param alone UEs that delivered a dPDU alone in this TTI: U(t) - U(t - 1)
     */
    void Add(uint32_t usefulRbgs, uint32_t alone);

    /// \return dPDUs that no protocol can exceed, F(t)
    uint64_t Get() const;

  private:
    uint64_t m_bound{0}; //!< F(t)
    uint64_t m_alone{0}; //!< U(t)
};

} // namespace ns3

#endif // OFDMA_BOUND_H
