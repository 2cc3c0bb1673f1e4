// SPDX-License-Identifier: GPL-2.0-only
#include "scenario-reader.h"

#include "fault.h"

#include <ns3/double.h>
#include <ns3/ofdma-on-off-traffic.h>
#include <ns3/ofdma-periodic-traffic.h>
#include <ns3/ofdma-poisson-traffic.h>
#include <ns3/ofdma-probe.h>
#include <ns3/ofdma-trace-traffic.h>
#include <ns3/pointer.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

namespace llmac
{

namespace
{

using ns3::OfdmaScenario;

/// Refuse a scenario.
[[noreturn]] void
Refuse(const std::string& reason)
{
    throw Fault(v1::FAULT_BAD_SCENARIO, reason);
}

/// \return a value that lies in a closed range
template <typename T>
T
InRange(const char* field, T value, T least, T greatest)
{
    if (!(value >= least && value <= greatest)) // NaN is in no range
    {
        std::ostringstream reason;
        reason << field << " lies between " << least << " and " << greatest << ", and is not "
               << value;
        Refuse(reason.str());
    }
    return value;
}

ns3::OfdmaVocabulary
ReadVocabulary(const v1::Vocabulary& message)
{
    switch (message.kind_case())
    {
    case v1::Vocabulary::kSemantic:
        return {false, InRange("vocabulary.bsr_levels", message.semantic().bsr_levels(), 2U, 64U)};
    case v1::Vocabulary::kOpaque:
        return {true, InRange("vocabulary.symbols", message.opaque().symbols(), 1U, 64U)};
    case v1::Vocabulary::KIND_NOT_SET:
        break;
    }
    Refuse("vocabulary is semantic or opaque");
}

constexpr uint32_t GREATEST_ARRIVALS = 1000; //!< mean or number, per UE and TTI

/// \return a table of arrivals
ns3::Ptr<ns3::OfdmaArrivalTable>
ReadArrivals(const v1::Traffic::Trace& message)
{
    if (message.ue_size() != message.tti_size() || message.dpdus_size() != message.tti_size())
    {
        Refuse("traffic.arrivals has as many TTIs as UEs and numbers of dPDUs");
    }
    auto table = ns3::CreateObject<ns3::OfdmaArrivalTable>();
    std::map<uint32_t, uint64_t> together; // by UE, in one TTI
    for (int i = 0; i < message.tti_size(); ++i)
    {
        if (i > 0 && message.tti(i) != message.tti(i - 1))
        {
            together.clear();
            if (message.tti(i) < message.tti(i - 1))
            {
                Refuse("traffic.arrivals come in order of TTI");
            }
        }
        uint64_t& dpdus = together[message.ue(i)];
        dpdus = InRange("traffic.arrivals: the number of dPDUs of a UE and TTI",
                        dpdus + message.dpdus(i),
                        uint64_t(0),
                        uint64_t(GREATEST_ARRIVALS));
        table->Add(message.ue(i), {message.tti(i), message.dpdus(i)});
    }
    return table;
}

void
ReadTraffic(const v1::Traffic& message, OfdmaScenario& scenario)
{
    using namespace ns3;
    double greatest = message.weights_size() > 0 ? 0 : 1;
    for (double weight : message.weights())
    {
        greatest = std::max(greatest, InRange("traffic.weights", weight, 0.0, 1000.0));
    }
    scenario.trafficWeights.assign(message.weights().begin(), message.weights().end());
    const auto load = [greatest](double value, double limit) {
        InRange("traffic.load", value, 0.0, limit);
        InRange("traffic.load times the greatest of traffic.weights", value * greatest, 0.0, limit);
        return DoubleValue(value);
    };
    switch (message.model_case())
    {
    case v1::Traffic::kBernoulli:
        scenario.traffic =
            MakeOfdmaTraffic<OfdmaBernoulliTraffic>("Probability",
                                                    load(message.bernoulli().probability(), 1));
        return;
    case v1::Traffic::kPoisson:
        scenario.traffic = MakeOfdmaTraffic<OfdmaPoissonTraffic>(
            "Mean",
            load(message.poisson().mean(), GREATEST_ARRIVALS));
        return;
    case v1::Traffic::kPeriodic:
        scenario.traffic = MakeOfdmaTraffic<OfdmaPeriodicTraffic>(
            "Period",
            UintegerValue(
                InRange("traffic.period_ttis", message.periodic().period_ttis(), 1U, 1000000U)),
            "Jitter",
            UintegerValue(
                InRange("traffic.jitter_ttis", message.periodic().jitter_ttis(), 0U, 1000000U)));
        return;
    case v1::Traffic::kOnOff:
        scenario.traffic = MakeOfdmaTraffic<OfdmaOnOffTraffic>(
            "MeanOn",
            DoubleValue(InRange("traffic.mean_on_ttis", message.on_off().mean_on_ttis(), 1.0, 1e6)),
            "MeanOff",
            DoubleValue(
                InRange("traffic.mean_off_ttis", message.on_off().mean_off_ttis(), 1.0, 1e6)),
            "Probability",
            load(message.on_off().probability(), 1));
        return;
    case v1::Traffic::kTrace:
        scenario.traffic =
            MakeOfdmaTraffic<OfdmaTraceTraffic>("Table",
                                                PointerValue(ReadArrivals(message.trace())));
        return;
    case v1::Traffic::MODEL_NOT_SET:
        Refuse("traffic is bernoulli, poisson, periodic, on-off or trace");
    }
}

/// Check that UEs leave while they are connected.
std::vector<ns3::OfdmaChurnEvent>
ReadChurn(const v1::Scenario& message)
{
    std::vector<ns3::OfdmaChurnEvent> churn;
    std::set<uint32_t> connected;
    uint32_t next = 0;
    const auto join = [&](uint32_t count) {
        for (uint32_t i = 0; i < count; ++i)
        {
            connected.insert(connected.end(), next++);
        }
        InRange("the number of UEs connected at a time", connected.size(), size_t(0), size_t(1024));
    };
    join(message.ues());
    uint32_t joining = 0; // in this TTI, after all leaves of it
    uint32_t tti = 0;
    for (const auto& event : message.churn())
    {
        if (event.tti() != tti)
        {
            join(joining);
            joining = 0;
        }
        if (event.tti() < std::max(1U, tti))
        {
            Refuse("churn comes in order of TTI, from TTI 1 on");
        }
        tti = event.tti();
        for (uint32_t ue : event.leave())
        {
            if (connected.erase(ue) == 0)
            {
                Refuse("churn: UE " + std::to_string(ue) + " cannot leave before TTI " +
                       std::to_string(tti) + ", because it is not connected");
            }
        }
        joining += InRange("churn.join", event.join(), 0U, 1024U);
        churn.push_back({tti, event.join(), {event.leave().begin(), event.leave().end()}});
    }
    join(joining);
    return churn;
}

ns3::OfdmaPoissonChurn
ReadPoissonChurn(const v1::Scenario& message)
{
    if (message.churn_size() > 0)
    {
        Refuse("churn and poisson_churn exclude each other");
    }
    const auto& churn = message.poisson_churn();
    InRange("poisson_churn.min_ues", churn.min_ues(), 0U, std::min(1024U, churn.max_ues()));
    return {InRange("poisson_churn.join_per_tti", churn.join_per_tti(), 0.0, 100.0),
            InRange("poisson_churn.mean_stay_ttis", churn.mean_stay_ttis(), 1.0, 1e9),
            churn.min_ues(),
            InRange("poisson_churn.max_ues", churn.max_ues(), 1U, 1024U),
            InRange("poisson_churn.max_joins", churn.max_joins(), 0U, 1000000000U)};
}

std::vector<double>
ReadDecisionDelay(const v1::DecisionDelay& message)
{
    InRange("the number of probabilities in decision_delay", message.probability_size(), 0, 1025);
    double sum = 0;
    for (double probability : message.probability())
    {
        sum += InRange("decision_delay", probability, 0.0, 1.0);
    }
    if (message.probability_size() > 0)
    {
        InRange("the sum of decision_delay", sum, 1 - 1e-6, 1 + 1e-6);
    }
    return {message.probability().begin(), message.probability().end()};
}

void
ReadControl(const v1::Control& message, OfdmaScenario& scenario)
{
    if (message.has_sinr_loss())
    {
        const auto& loss = message.sinr_loss();
        scenario.controlSnrLoss = {
            InRange("control.sinr_loss.midpoint_db", loss.midpoint_db(), -50.0, 50.0),
            InRange("control.sinr_loss.slope_db", loss.slope_db(), 1e-6, 50.0),
            InRange("control.sinr_loss.bs_tx_power_dbm", loss.bs_tx_power_dbm(), -50.0, 80.0),
            InRange("control.sinr_loss.ue_noise_figure_db", loss.ue_noise_figure_db(), 0.0, 50.0)};
    }
    scenario.controlLossProbability =
        InRange("control.loss_probability", message.loss_probability(), 0.0, 1.0);
    scenario.controlDelay = InRange("control.delay_ttis", message.delay_ttis(), 0U, 64U);
    scenario.maxDcmsPerTti =
        InRange("control.max_dcms_per_tti", message.max_dcms_per_tti(), 0U, 1024U);
    scenario.ucmPeriod = InRange("control.ucm_period_ttis", message.ucm_period_ttis(), 1U, 1024U);
}

ns3::OfdmaModelSpec
ReadModel(const v1::ModelSpec& message)
{
    return {message.type_id(), {message.attributes().begin(), message.attributes().end()}};
}

void
ReadRadio(const v1::Radio& message, OfdmaScenario& scenario)
{
    scenario.carrierFrequency =
        InRange("radio.carrier_frequency_hz", message.carrier_frequency_hz(), 1e8, 1e11);
    scenario.rbsPerRbg = InRange("radio.rbs_per_rbg", message.rbs_per_rbg(), 1U, 32U);
    scenario.numerology = InRange("radio.numerology", message.numerology(), 0U, 3U);
    scenario.txPower = InRange("radio.tx_power_dbm", message.tx_power_dbm(), -50.0, 50.0);
    scenario.noiseFigure = InRange("radio.noise_figure_db", message.noise_figure_db(), 0.0, 50.0);
    scenario.mcs = InRange("radio.mcs", message.mcs(), 0U, 28U);
    if (message.has_power_control())
    {
        const auto& control = message.power_control();
        scenario.powerControl = {
            InRange("radio.power_control.p0_dbm", control.p0_dbm(), -200.0, 50.0),
            InRange("radio.power_control.alpha", control.alpha(), 0.0, 1.0)};
    }
    if (message.has_link_adaptation())
    {
        const auto& adaptation = message.link_adaptation();
        scenario.linkAdaptation = {
            InRange("radio.link_adaptation.period_ttis", adaptation.period_ttis(), 1U, 100000U),
            InRange("radio.link_adaptation.delay_ttis", adaptation.delay_ttis(), 0U, 1000U),
            InRange("radio.link_adaptation.target_bler", adaptation.target_bler(), 1e-9, 1 - 1e-9)};
    }
    if (message.has_bs_antenna())
    {
        scenario.bsAntenna = ReadModel(message.bs_antenna());
    }
    if (message.has_ue_antenna())
    {
        scenario.ueAntenna = ReadModel(message.ue_antenna());
    }
    switch (message.capture())
    {
    case v1::CAPTURE_NONE:
        scenario.capture = false;
        break;
    case v1::CAPTURE_STRONGEST:
        scenario.capture = true;
        break;
    default:
        Refuse("radio.capture is none or strongest");
    }
    const double bandwidth =
        scenario.rbgs * scenario.rbsPerRbg * 180e3 * (1 << scenario.numerology);
    if (bandwidth >= 2 * scenario.carrierFrequency)
    {
        Refuse("radio: a band of " + std::to_string(bandwidth) +
               " Hz around carrier_frequency_hz reaches below 0 Hz");
    }
}

void
ReadPlacement(const v1::Placement& message, OfdmaScenario& scenario)
{
    scenario.radius = InRange("placement.radius_m", message.radius_m(), 1e-3, 1e5);
    scenario.minDistance = InRange("placement.min_distance_m", message.min_distance_m(), 0.0, 1e5);
    if (scenario.minDistance >= scenario.radius)
    {
        Refuse("placement.min_distance_m is less than placement.radius_m");
    }
    scenario.bsHeight = InRange("placement.bs_height_m", message.bs_height_m(), 0.0, 1000.0);
    scenario.ueHeight = InRange("placement.ue_height_m", message.ue_height_m(), 0.0, 1000.0);
    for (const auto& position : message.positions())
    {
        for (double coordinate : {position.x_m(), position.y_m(), position.z_m()})
        {
            InRange("placement.positions_m", coordinate, -1e6, 1e6);
        }
        scenario.positions.emplace_back(position.x_m(), position.y_m(), position.z_m());
    }
    if (message.has_mobility())
    {
        scenario.mobility = ReadModel(message.mobility());
    }
}

void
ReadChannel(const v1::Scenario& message, OfdmaScenario& scenario)
{
    for (const auto& model : message.channel())
    {
        scenario.channel.push_back(ReadModel(model));
    }
}

void
ReadErrorModel(const v1::ErrorModel& message, OfdmaScenario& scenario)
{
    switch (message.model_case())
    {
    case v1::ErrorModel::kIdealCollision:
        scenario.errorModel = OfdmaScenario::FIXED_TBLER;
        scenario.tbler = 0;
        return;
    case v1::ErrorModel::kFixedTbler:
        scenario.errorModel = OfdmaScenario::FIXED_TBLER;
        scenario.tbler = InRange("error_model.tbler", message.fixed_tbler().tbler(), 0.0, 1.0);
        return;
    case v1::ErrorModel::kSinrThreshold:
        scenario.errorModel = OfdmaScenario::SINR_THRESHOLD;
        scenario.threshold = InRange("error_model.threshold_db",
                                     message.sinr_threshold().threshold_db(),
                                     -30.0,
                                     60.0);
        break;
    case v1::ErrorModel::kMutualInformation:
        scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
        break;
    case v1::ErrorModel::MODEL_NOT_SET:
        Refuse("error_model is ideal-collision, fixed-tbler, sinr-threshold or mutual-information");
    }
    if (scenario.channel.empty())
    {
        Refuse("channel names at least one loss model when error_model looks at the SINR");
    }
}

} // namespace

OfdmaScenario
ReadScenario(const v1::Scenario& message)
{
    OfdmaScenario scenario;
    scenario.ttis = InRange("ttis", message.ttis(), 1U, 1000000U);
    scenario.ues = InRange("ues", message.ues(), 0U, 1024U);
    scenario.rbgs = InRange("rbgs", message.rbgs(), 1U, 128U);
    scenario.bufferCapacity = InRange("buffer_capacity", message.buffer_capacity(), 1U, 65535U);
    scenario.ackDeletes = message.ack_deletes();
    scenario.vocabulary = ReadVocabulary(message.vocabulary());
    ReadTraffic(message.traffic(), scenario);
    scenario.churn = ReadChurn(message);
    if (message.has_poisson_churn())
    {
        scenario.poissonChurn = ReadPoissonChurn(message);
    }
    scenario.decisionDelay = ReadDecisionDelay(message.decision_delay());
    ReadControl(message.control(), scenario);
    ReadRadio(message.radio(), scenario);
    ReadPlacement(message.placement(), scenario);
    ReadChannel(message, scenario);
    if (scenario.controlSnrLoss && scenario.channel.empty())
    {
        Refuse("channel names at least one loss model when control.sinr_loss looks at the SNR");
    }
    ReadErrorModel(message.error_model(), scenario);
    scenario.rho = InRange("utility.rho", message.utility().rho(), 0.0, 1000.0);
    const std::string problem = ns3::FindOfdmaChannelProblem(scenario);
    if (!problem.empty())
    {
        Refuse(problem);
    }
    return scenario;
}

} // namespace llmac
