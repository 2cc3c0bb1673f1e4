// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_TRACE_TRAFFIC_H
#define OFDMA_TRACE_TRAFFIC_H

#include "ofdma-traffic.h"

#include <map>
#include <vector>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief A table of arrivals
 */
class OfdmaArrivalTable : public Object
{
  public:
    /// dPDUs of one UE that arrive at one boundary.
    struct Entry
    {
        uint32_t tti;   //!< before which they arrive
        uint32_t dpdus; //!< number of them
    };

    /// \return the TypeId
    static TypeId GetTypeId();

    /// Append an entry; those of a UE come in order of TTI.
    void Add(uint32_t ue, Entry entry);

    /// \return entries of a UE in order of TTI
    const std::vector<Entry>& GetEntries(uint32_t ue) const;

  private:
    std::map<uint32_t, std::vector<Entry>> m_entries; //!< by UE
    std::vector<Entry> m_none;                        //!< of a UE without entries
};

/**
 * \ingroup ofdma-mac
 * \brief Arrivals from a table, whatever the weight; what comes before the UE joined is left out
 */
class OfdmaTraceTraffic : public OfdmaTraffic
{
  public:
    /// \return the TypeId
    static TypeId GetTypeId();

  private:
    void DoDispose() override;
    void DoJoin(uint32_t ue, uint32_t tti) override;
    uint32_t DoArrive(uint32_t tti) override;

    Ptr<OfdmaArrivalTable> m_table; //!< of all UEs

    const std::vector<OfdmaArrivalTable::Entry>* m_entries{nullptr}; //!< of this UE
    std::size_t m_next{0};                                           //!< first one still to come
};

} // namespace ns3

#endif // OFDMA_TRACE_TRAFFIC_H
