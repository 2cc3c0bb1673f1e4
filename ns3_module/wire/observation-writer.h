// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_OBSERVATION_WRITER_H
#define LLMAC_OBSERVATION_WRITER_H

#include "column.h"

#include <ns3/ofdma-cell.h>

#include <vector>

namespace llmac
{

/// What an episode sends besides the observations.
struct EpisodeOptions
{
    bool privileged{false};         //!< Privileged with each LeaderObservation
    bool bound{false};              //!< the bound at the end
    std::vector<uint32_t> dpduBits; //!< of each cell
};

/**
 * \brief Writes the state of cells into observations, as columns
 *
 * All memory is used again in each TTI.
 */
class ObservationWriter
{
  public:
    /// Cells in their order.
    using Cells = std::vector<ns3::Ptr<ns3::OfdmaCell>>;

    /// Write what the BSs observe; `tti` is T after the last TTI.
    void Write(const Cells& cells,
               uint32_t tti,
               const EpisodeOptions& options,
               v1::LeaderObservation& message);

    /// Write what the UEs observe.
    void Write(const Cells& cells, uint32_t tti, v1::FollowerObservation& message);

  private:
    void WriteUes(const Cells& cells, v1::LeaderObservation& message);
    void WriteLastTti(const Cells& cells, v1::LeaderObservation& message);
    void WritePrivileged(const Cells& cells, uint32_t tti, v1::Privileged& message);
    void WriteEnd(const Cells& cells, bool bound, v1::EpisodeEnd& message);

    ColumnWriter<uint8_t> m_uint8[2];
    ColumnWriter<uint16_t> m_uint16[4];
    ColumnWriter<uint32_t> m_uint32[4];
    ColumnWriter<int32_t> m_int32[2];
    ColumnWriter<float> m_float32;
    ColumnWriter<double> m_float64[2];
};

} // namespace llmac

#endif // LLMAC_OBSERVATION_WRITER_H
