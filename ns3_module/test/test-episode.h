// SPDX-License-Identifier: GPL-2.0-only
#ifndef TEST_EPISODE_H
#define TEST_EPISODE_H

#include <ns3/ofdma-cell-helper.h>
#include <ns3/ofdma-lockstep.h>
#include <ns3/simulator.h>

#include <functional>
#include <vector>

/**
 * \brief Cells for the length of a test, with what the test does in each phase
 */
class TestEpisode : public ns3::OfdmaAgents
{
  public:
    /// One cell for each seed.
    explicit TestEpisode(const ns3::OfdmaScenario& scenario,
                         const std::vector<uint64_t>& seeds = {1},
                         bool wouldDecode = false,
                         bool bound = false)
        : m_tti(ns3::OfdmaGrid::CalcTti(scenario.numerology))
    {
        for (uint64_t seed : seeds)
        {
            cells.push_back(ns3::OfdmaCellHelper::Create(scenario, seed, wouldDecode, bound));
        }
    }

    ~TestEpisode() override
    {
        for (const auto& cell : cells)
        {
            cell->Dispose();
        }
        ns3::Simulator::Destroy();
    }

    TestEpisode(const TestEpisode&) = delete;
    TestEpisode& operator=(const TestEpisode&) = delete;

    /// Run with the functions below.
    void Run()
    {
        Run(*this);
    }

    /// Run with other agents.
    void Run(ns3::OfdmaAgents& agents)
    {
        ns3::OfdmaLockstep(cells, m_tti, agents).Run();
    }

    /// \return the first cell
    ns3::OfdmaCell& Cell()
    {
        return *cells.front();
    }

    bool Lead(uint32_t tti) override
    {
        observe(tti);
        const auto dcms = lead(tti);
        Cell().SendDcms(dcms.data(), dcms.size());
        return true;
    }

    bool Follow(uint32_t tti) override
    {
        Cell().Act(follow(tti).data());
        return true;
    }

    void Finish(uint32_t tti) override
    {
        observe(tti);
    }

    std::vector<ns3::Ptr<ns3::OfdmaCell>> cells; //!< in order

    /// Looks at the first cell before each leader phase and at the end.
    std::function<void(uint32_t)> observe = [](uint32_t) {};
    /// DCMs of the first cell; none unless a test says so.
    std::function<std::vector<ns3::OfdmaDcm>(uint32_t)> lead = [](uint32_t) {
        return std::vector<ns3::OfdmaDcm>();
    };
    /// UE actions of the first cell; all hold unless a test says so.
    std::function<std::vector<uint16_t>(uint32_t)> follow = [this](uint32_t) {
        return std::vector<uint16_t>(Cell().GetUes().size());
    };

  private:
    ns3::Time m_tti; //!< duration
};

#endif // TEST_EPISODE_H
