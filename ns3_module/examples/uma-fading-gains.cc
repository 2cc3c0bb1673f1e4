// SPDX-License-Identifier: GPL-2.0-only
// The channel of the preset uma-fading, RB by RB, for UEs out of line of sight:
//   uma-fading-gains --speed=8.3 --update-period=1s > gains.csv
// One line for each TTI and UE: their numbers, then the gain on each RB in dB.
#include <ns3/command-line.h>
#include <ns3/double.h>
#include <ns3/ofdma-cell-helper.h>
#include <ns3/ofdma-lockstep.h>
#include <ns3/simulator.h>

#include <cmath>
#include <iostream>

using namespace ns3;

namespace
{

/// Prints the gains of a cell in each TTI; its UEs say nothing.
class GainPrinter : public OfdmaAgents
{
  public:
    /**
     * \param cell it looks at
     * \param rbs of the band
     * \param txPsd W/Hz of a UE that transmits
     */
    GainPrinter(Ptr<OfdmaCell> cell, uint32_t rbs, double txPsd)
        : m_cell(cell),
          m_rbs(rbs),
          m_txPsd(txPsd)
    {
    }

    bool Lead(uint32_t tti) override
    {
        for (const auto& ue : m_cell->GetUes())
        {
            std::cout << tti << ',' << ue->id;
            for (uint32_t rb = 0; rb < m_rbs; ++rb)
            {
                const double gain = m_cell->GetChannel()->GetRxPsd(ue->id, rb) / m_txPsd;
                std::cout << ',' << 10 * std::log10(gain);
            }
            std::cout << '\n';
        }
        m_cell->SendDcms(nullptr, 0);
        return true;
    }

    bool Follow(uint32_t /* tti */) override
    {
        const std::vector<uint16_t> hold(m_cell->GetUes().size());
        m_cell->Act(hold.data());
        return true;
    }

    void Finish(uint32_t /* tti */) override
    {
    }

  private:
    Ptr<OfdmaCell> m_cell; //!< it looks at
    uint32_t m_rbs;        //!< of the band
    double m_txPsd;        //!< W/Hz
};

} // namespace

int
main(int argc, char* argv[])
{
    OfdmaScenario scenario;
    scenario.ttis = 400;
    scenario.ues = 16;
    scenario.rbgs = 25;
    uint64_t seed = 1;
    double speed = 0;
    std::string updatePeriod = "10ms";

    CommandLine cmd(__FILE__);
    cmd.AddValue("ues", "UEs", scenario.ues);
    cmd.AddValue("rbgs", "RBGs of 4 RBs", scenario.rbgs);
    cmd.AddValue("ttis", "TTIs to simulate", scenario.ttis);
    cmd.AddValue("seed", "Seed", seed);
    cmd.AddValue("speed", "Of the UEs in m/s", speed);
    cmd.AddValue("update-period", "A new realisation of the channel comes so often", updatePeriod);
    cmd.Parse(argc, argv);

    scenario.radius = 400;
    scenario.mobility = {
        "ns3::RandomWalk2dMobilityModel",
        {{"Speed", "ns3::ConstantRandomVariable[Constant=" + std::to_string(speed) + "]"},
         {"Mode", "Time"},
         {"Time", "10s"},
         {"Bounds", "-1000|1000|-1000|1000"}}};
    const OfdmaModelSpec::Attributes noLineOfSight{
        {"ChannelConditionModel", "ns3::NeverLosChannelConditionModel"}};
    const OfdmaModelSpec::Attributes matrices{
        {"ChannelModel", "ns3::ThreeGppChannelModel[UpdatePeriod=" + updatePeriod + "]"}};
    scenario.channel = {{"ns3::ThreeGppUmaPropagationLossModel", noLineOfSight},
                        {"ns3::ThreeGppSpectrumPropagationLossModel", matrices}};
    scenario.bsAntenna = {"ns3::UniformPlanarArray", {{"NumRows", "2"}, {"NumColumns", "2"}}};

    const auto cell = OfdmaCellHelper::Create(scenario, seed);
    const double txWatt = std::pow(10, scenario.txPower / 10 - 3);
    const double rbgHz = scenario.rbsPerRbg * 180e3;
    GainPrinter printer(cell, scenario.rbgs * scenario.rbsPerRbg, txWatt / rbgHz);
    OfdmaLockstep({cell}, OfdmaGrid::CalcTti(scenario.numerology), printer).Run();
    cell->Dispose();
    Simulator::Destroy();
    return 0;
}
