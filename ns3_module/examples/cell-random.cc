// SPDX-License-Identifier: GPL-2.0-only
// Cells whose agents act at random, to see what a cell counts and how fast it is:
//   cell-random --ues=64 --rbgs=16 --channel=ns3::ThreeGppUmaPropagationLossModel
#include <ns3/command-line.h>
#include <ns3/double.h>
#include <ns3/ofdma-cell-helper.h>
#include <ns3/ofdma-probe.h>
#include <ns3/ofdma-random-agents.h>
#include <ns3/simulator.h>

#include <chrono>
#include <fstream>
#include <iostream>

using namespace ns3;

namespace
{

/// \return the most memory that this process has had so far, in MB of 10^6 bytes
double
GetPeakMemory()
{
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmHWM:")
    {
    }
    double kibibytes = 0;
    status >> kibibytes;
    return kibibytes * 1024 / 1e6;
}

} // namespace

int
main(int argc, char* argv[])
{
    OfdmaScenario scenario;
    scenario.ttis = 100000;
    scenario.ues = 8;
    scenario.rbgs = 4;
    scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
    std::string model = "ns3::LogDistancePropagationLossModel";
    std::string fading;
    uint32_t environments = 1;
    uint64_t seed = 1;
    double load = 0.5;
    bool bound = true;

    CommandLine cmd(__FILE__);
    cmd.AddValue("ues", "UEs of a cell", scenario.ues);
    cmd.AddValue("rbgs", "RBGs of a cell", scenario.rbgs);
    cmd.AddValue("load", "Arrival probability per UE and TTI", load);
    cmd.AddValue("ttis", "TTIs to simulate", scenario.ttis);
    cmd.AddValue("channel", "TypeId of the path loss", model);
    cmd.AddValue("fading", "TypeId of a second loss model", fading);
    cmd.AddValue("environments", "Cells in lockstep", environments);
    cmd.AddValue("seed", "Of the first cell; the others follow", seed);
    cmd.AddValue("bound", "Compute the bound on deliveries", bound);
    cmd.Parse(argc, argv);

    scenario.traffic.Set("Probability", DoubleValue(load));
    scenario.channel = {{model, {}}};
    if (!fading.empty())
    {
        scenario.channel.push_back({fading, {}});
    }
    const std::string problem = FindOfdmaChannelProblem(scenario);
    NS_ABORT_MSG_UNLESS(problem.empty(), problem);

    std::vector<Ptr<OfdmaCell>> cells;
    for (uint32_t i = 0; i < environments; ++i)
    {
        cells.push_back(OfdmaCellHelper::Create(scenario, seed + i, false, bound));
    }
    OfdmaRandomAgents agents(cells);
    const auto start = std::chrono::steady_clock::now();
    OfdmaLockstep(cells, OfdmaGrid::CalcTti(scenario.numerology), agents).Run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    const double ttis = double(scenario.ttis) * environments;
    const auto perTti = [&](OfdmaCounter counter) {
        return agents.GetTotals()[static_cast<std::size_t>(counter)] / ttis;
    };
    std::cout << "TTIs/s              " << ttis / elapsed.count() << "\narrived per TTI     "
              << perTti(OfdmaCounter::ARRIVED) << "\ndelivered per TTI   "
              << perTti(OfdmaCounter::DELIVERED) << "\ntransmitted per TTI "
              << perTti(OfdmaCounter::TRANSMISSION) << "\ncollisions per TTI  "
              << perTti(OfdmaCounter::COLLISION) << "\nutility per TTI     "
              << agents.GetUtility() / ttis << "\npeak memory in MB   " << GetPeakMemory()
              << std::endl;

    for (const auto& cell : cells)
    {
        cell->Dispose();
    }
    Simulator::Destroy();
    return 0;
}
