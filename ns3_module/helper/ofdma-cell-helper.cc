// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-cell-helper.h"

#include "ofdma-mobility.h"

#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/ofdma-mi-error-model.h>
#include <ns3/ofdma-transport-block.h>
#include <ns3/pointer.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace ns3
{

namespace
{

/// \return where a UE stands: the given position, or one drawn uniformly over the ring
Vector
GetPosition(const OfdmaScenario& scenario, OfdmaCoin coin, uint32_t ue)
{
    if (ue < scenario.positions.size())
    {
        return scenario.positions[ue];
    }
    const double inner = std::pow(scenario.minDistance, 2);
    const double outer = std::pow(scenario.radius, 2);
    const double radius =
        std::sqrt(inner + (outer - inner) * coin.Toss(OfdmaCoin::POSITION_RADIUS, ue));
    const double angle = 2 * M_PI * coin.Toss(OfdmaCoin::POSITION_ANGLE, ue);
    return Vector(radius * std::cos(angle), radius * std::sin(angle), scenario.ueHeight);
}

/// \return the error model of a scenario
Ptr<OfdmaErrorModel>
CreateErrorModel(const OfdmaScenario& scenario)
{
    switch (scenario.errorModel)
    {
    case OfdmaScenario::FIXED_TBLER:
        return CreateObjectWithAttributes<OfdmaFixedErrorModel>("Tbler",
                                                                DoubleValue(scenario.tbler));
    case OfdmaScenario::SINR_THRESHOLD:
        return CreateObjectWithAttributes<OfdmaThresholdErrorModel>(
            "Threshold",
            DoubleValue(scenario.threshold));
    case OfdmaScenario::MUTUAL_INFORMATION:
        return CreateObject<OfdmaMiErrorModel>();
    }
    NS_ABORT_MSG("there is no error model " << scenario.errorModel);
}

/// \return the loss of control messages of a scenario
Ptr<OfdmaControlLoss>
CreateControlLoss(const OfdmaScenario& scenario)
{
    auto loss =
        CreateObjectWithAttributes<OfdmaControlLoss>("Probability",
                                                     DoubleValue(scenario.controlLossProbability));
    if (scenario.controlSnrLoss)
    {
        loss->SetAttribute("Logistic", BooleanValue(true));
        loss->SetAttribute("Midpoint", DoubleValue(scenario.controlSnrLoss->midpoint));
        loss->SetAttribute("Slope", DoubleValue(scenario.controlSnrLoss->slope));
        loss->SetAttribute("BsTxPower", DoubleValue(scenario.controlSnrLoss->bsTxPower));
        loss->SetAttribute("UeNoiseFigure", DoubleValue(scenario.controlSnrLoss->ueNoiseFigure));
    }
    return loss;
}

/// Let the random streams that are made from now on be those of an environment.
void
SeedStreams(OfdmaCoin coin)
{
    // ns-3 seeds are 32 bits wide and not 0; runs are 2^76 numbers apart in a stream of 2^127.
    RngSeedManager::SetSeed(1 + (coin.GetBits(OfdmaCoin::RNG_SEED) >> 33));
    RngSeedManager::SetRun(coin.GetBits(OfdmaCoin::RNG_RUN) >> 24);
}

/// \return where the UEs of a scenario are at home
OfdmaRegion
GetRegion(const OfdmaScenario& scenario)
{
    OfdmaRegion region{scenario.radius,
                       scenario.ueHeight,
                       std::max(scenario.bsHeight, scenario.ueHeight)};
    for (const auto& position : scenario.positions)
    {
        region.radius = std::max(region.radius, std::hypot(position.x, position.y));
        region.ceiling = std::max(region.ceiling, position.z);
    }
    return region;
}

/// \return the IP side of a cell, or null
Ptr<OfdmaInternet>
CreateInternet(const OfdmaScenario& scenario, OfdmaCoin coin, uint64_t seed, Ptr<Node> bs)
{
    if (!scenario.internet)
    {
        return nullptr;
    }
    auto spec = *scenario.internet;
    if (!spec.captures.empty())
    {
        spec.captures += "/seed-" + std::to_string(seed) + "-";
    }
    auto internet = CreateObject<OfdmaInternet>();
    internet->Configure(std::move(spec),
                        coin,
                        OfdmaGrid::CalcTti(scenario.numerology),
                        GetOfdmaTransportBlockBits(scenario.mcs, scenario.rbsPerRbg),
                        bs);
    return internet;
}

/// Makes the UEs of one cell.
class UeBuilder
{
  public:
    /// The channel must have the grid and its BS.
    UeBuilder(const OfdmaScenario& scenario,
              OfdmaCoin coin,
              Ptr<const OfdmaGrid> grid,
              Ptr<OfdmaUplinkChannel> channel,
              Ptr<OfdmaInternet> internet)
        : m_scenario(scenario),
          m_region(GetRegion(scenario)),
          m_coin(coin),
          m_grid(grid),
          m_channel(channel),
          m_internet(internet)
    {
    }

    /// \return parts of a UE
    OfdmaCell::UeParts operator()(uint32_t ue) const
    {
        const auto phy = CreatePhy(ue);
        return {phy, CreateTraffic(ue, phy->GetMobility()->GetObject<Node>())};
    }

  private:
    /// \return what arrives to a UE with a node
    Ptr<OfdmaTraffic> CreateTraffic(uint32_t ue, Ptr<Node> node) const
    {
        if (m_internet)
        {
            return m_internet->Join(ue,
                                    node,
                                    GetFirstStream(ue) + OfdmaLossChain::STREAMS +
                                        OFDMA_MOBILITY_STREAMS);
        }
        auto traffic = m_scenario.traffic.Create<OfdmaTraffic>();
        const auto& weights = m_scenario.trafficWeights;
        if (!weights.empty())
        {
            traffic->SetAttribute("Weight", DoubleValue(weights[ue % weights.size()]));
        }
        return traffic;
    }

    /// \return transmitter of a UE, with its link in the channel
    Ptr<OfdmaUePhy> CreatePhy(uint32_t ue) const
    {
        auto phy = CreateObjectWithAttributes<OfdmaUePhy>("TxPower",
                                                          DoubleValue(m_scenario.txPower),
                                                          "Mcs",
                                                          UintegerValue(m_scenario.mcs));
        phy->Configure(ue, m_grid);
        phy->SetChannel(m_channel);
        Adapt(*phy);
        SeedStreams(m_coin);
        const int64_t firstStream = GetFirstStream(ue);
        phy->SetMobility(CreateOfdmaMovingNode(m_scenario.mobility,
                                               m_region,
                                               GetPosition(m_scenario, m_coin, ue),
                                               firstStream + OfdmaLossChain::STREAMS));
        Ptr<OfdmaLossChain> chain;
        if (!m_scenario.channel.empty())
        {
            chain = Create<OfdmaLossChain>(
                OfdmaChannelSpec{m_scenario.channel, m_scenario.bsAntenna, m_scenario.ueAntenna},
                m_grid,
                firstStream);
        }
        m_channel->AddLink(phy, chain);
        return phy;
    }

    /// \return the first random stream of a UE: of its loss chain, then mobility, then applications
    int64_t GetFirstStream(uint32_t ue) const
    {
        const int64_t streams =
            m_scenario.internet ? OfdmaInternet::GetStreams(*m_scenario.internet) : 0;
        return ue * (OfdmaLossChain::STREAMS + OFDMA_MOBILITY_STREAMS + streams);
    }

    /// Let power and MCS of a UE follow its link, if the scenario says so.
    void Adapt(OfdmaUePhy& phy) const
    {
        if (const auto& control = m_scenario.powerControl)
        {
            phy.SetPowerControl(
                {control->p0, control->alpha, m_scenario.txPower, m_grid->GetRbsPerRbg()});
        }
        if (const auto& adaptation = m_scenario.linkAdaptation)
        {
            phy.SetLinkAdaptation(
                {OfdmaCqiTable::Get(m_grid->GetRbsPerRbg(), adaptation->targetBler),
                 adaptation->period,
                 adaptation->delay,
                 m_scenario.mcs});
        }
    }

    OfdmaScenario m_scenario;          //!< of the cell
    OfdmaRegion m_region;              //!< where the UEs are at home
    OfdmaCoin m_coin;                  //!< of the cell
    Ptr<const OfdmaGrid> m_grid;       //!< of the cell
    Ptr<OfdmaUplinkChannel> m_channel; //!< of the cell
    Ptr<OfdmaInternet> m_internet;     //!< of the cell; null: no IP
};

} // namespace

Ptr<OfdmaCell>
OfdmaCellHelper::Create(const OfdmaScenario& scenario, uint64_t seed, bool wouldDecode, bool bound)
{
    const OfdmaCoin coin(seed);
    const auto grid = ns3::Create<OfdmaGrid>(scenario.carrierFrequency,
                                             scenario.rbgs,
                                             scenario.rbsPerRbg,
                                             scenario.numerology);
    auto channel = CreateObject<OfdmaUplinkChannel>();
    channel->SetGrid(grid);
    auto bs = CreateObjectWithAttributes<OfdmaBsPhy>("NoiseFigure",
                                                     DoubleValue(scenario.noiseFigure),
                                                     "Capture",
                                                     BooleanValue(scenario.capture),
                                                     "ErrorModel",
                                                     PointerValue(CreateErrorModel(scenario)));
    bs->Configure(grid, coin);
    const auto bsMobility = CreateOfdmaStandingNode(Vector(0, 0, scenario.bsHeight));
    bs->SetMobility(bsMobility);
    bs->SetChannel(channel);
    channel->AddRx(bs);

    const auto internet = CreateInternet(scenario, coin, seed, bsMobility->GetObject<Node>());
    // With closed loops what arrives depends on what the agents do, and nothing bounds that.
    bound = bound && !(internet && OfdmaInternet::IsClosedLoop(*scenario.internet));

    auto cell = CreateObject<OfdmaCell>();
    if (internet)
    {
        cell->AggregateObject(internet);
    }
    cell->SetAttribute("Seed", UintegerValue(seed));
    cell->SetAttribute("Ttis", UintegerValue(scenario.ttis));
    cell->SetAttribute("Ues", UintegerValue(scenario.ues));
    cell->SetAttribute("BufferCapacity", UintegerValue(scenario.bufferCapacity));
    cell->SetAttribute("AckDeletes", BooleanValue(scenario.ackDeletes));
    cell->SetAttribute("ControlLoss", PointerValue(CreateControlLoss(scenario)));
    cell->SetAttribute("ControlDelay", UintegerValue(scenario.controlDelay));
    cell->SetAttribute("MaxDcms", UintegerValue(scenario.maxDcmsPerTti));
    cell->SetAttribute("UcmPeriod", UintegerValue(scenario.ucmPeriod));
    cell->SetAttribute("Rho", DoubleValue(scenario.rho));
    cell->SetAttribute("ProportionalFair", BooleanValue(scenario.signallingCost.has_value()));
    cell->SetAttribute("SignallingCost", DoubleValue(scenario.signallingCost.value_or(0)));
    cell->SetAttribute("OwnUtilities", BooleanValue(scenario.transmissionCost.has_value()));
    cell->SetAttribute("TransmissionCost", DoubleValue(scenario.transmissionCost.value_or(0)));
    cell->SetAttribute("Radio", BooleanValue(!scenario.channel.empty()));
    cell->SetAttribute("WouldDecode", BooleanValue(wouldDecode));
    cell->SetAttribute("Bound", BooleanValue(bound));
    cell->Configure(OfdmaCodes(scenario.rbgs, scenario.vocabulary),
                    bs,
                    channel,
                    scenario.poissonChurn
                        ? scenario.poissonChurn->Draw(coin, scenario.ues, scenario.ttis)
                        : scenario.churn,
                    OfdmaDecisionDelay(scenario.decisionDelay),
                    UeBuilder(scenario, coin, grid, channel, internet));
    return cell;
}

} // namespace ns3
