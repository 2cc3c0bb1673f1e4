// SPDX-License-Identifier: GPL-2.0-only
#ifndef WATCHED_AGENTS_H
#define WATCHED_AGENTS_H

#include <ns3/ofdma-random-agents.h>

#include <functional>

/// Random agents, with a look at the cells before each decision and at the end.
class WatchedAgents : public ns3::OfdmaRandomAgents
{
  public:
    WatchedAgents(const std::vector<ns3::Ptr<ns3::OfdmaCell>>& cells,
                  std::function<void(uint32_t)> watch,
                  uint64_t salt = 0)
        : ns3::OfdmaRandomAgents(cells, salt),
          m_watch(std::move(watch))
    {
    }

    bool Lead(uint32_t tti) override
    {
        m_watch(tti);
        return ns3::OfdmaRandomAgents::Lead(tti);
    }

    void Finish(uint32_t tti) override
    {
        m_watch(tti);
        ns3::OfdmaRandomAgents::Finish(tti);
    }

  private:
    std::function<void(uint32_t)> m_watch; //!< looks at the cells
};

#endif // WATCHED_AGENTS_H
