// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_ACTION_READER_H
#define LLMAC_ACTION_READER_H

#include "column.h"

#include <ns3/ofdma-cell.h>

#include <vector>

namespace llmac
{

/**
 * \brief Reads actions, checks them completely, and only then gives them to the cells
 *
 * All memory is used again in each TTI.
 */
class ActionReader
{
  public:
    /// Cells in their order.
    using Cells = std::vector<ns3::Ptr<ns3::OfdmaCell>>;

    /**
     * Send the DCMs of all cells.
     * \throw Fault FAULT_OUT_OF_TURN, FAULT_BAD_COLUMN or FAULT_BAD_CODE; then nothing was sent
     */
    void Apply(const v1::LeaderAction& message, uint32_t tti, const Cells& cells);

    /**
     * Let the UEs of all cells act.
     * \throw Fault FAULT_OUT_OF_TURN, FAULT_BAD_COLUMN or FAULT_BAD_CODE; then nothing was done
     */
    void Apply(const v1::FollowerAction& message, uint32_t tti, const Cells& cells);

    /// \name The checks of the above alone
    ///@{
    void Check(const v1::LeaderAction& message, uint32_t tti, const Cells& cells);
    void Check(const v1::FollowerAction& message, uint32_t tti, const Cells& cells);
    ///@}

  private:
    std::vector<uint32_t> m_counts;    //!< DCMs of each cell
    std::vector<uint32_t> m_ues;       //!< that DCMs go to
    std::vector<uint16_t> m_codes;     //!< of DCMs or UE actions
    std::vector<ns3::OfdmaDcm> m_dcms; //!< of all cells
};

} // namespace llmac

#endif // LLMAC_ACTION_READER_H
