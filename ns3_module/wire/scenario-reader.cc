// SPDX-License-Identifier: GPL-2.0-only
#include "scenario-reader.h"

#include "churn-reader.h"
#include "field-check.h"
#include "ip-reader.h"
#include "model-reader.h"
#include "traffic-reader.h"

#include <ns3/ofdma-probe.h>

namespace llmac
{

namespace
{

using ns3::OfdmaScenario;

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

void
ReadUtility(const v1::Utility& message, OfdmaScenario& scenario)
{
    scenario.rho = InRange("utility.rho", message.rho(), 0.0, 1000.0);
    if (message.has_leader())
    {
        scenario.signallingCost = InRange("utility.leader.signalling_cost_per_bit",
                                          message.leader().signalling_cost_per_bit(),
                                          0.0,
                                          1000.0);
    }
    if (message.has_followers())
    {
        scenario.transmissionCost = InRange("utility.followers.transmission_cost",
                                            message.followers().transmission_cost(),
                                            0.0,
                                            1000.0);
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
    CheckIp(scenario);
    ReadPlacement(message.placement(), scenario);
    ReadChannel(message, scenario);
    if (scenario.controlSnrLoss && scenario.channel.empty())
    {
        Refuse("channel names at least one loss model when control.sinr_loss looks at the SNR");
    }
    ReadErrorModel(message.error_model(), scenario);
    ReadUtility(message.utility(), scenario);
    const std::string problem = ns3::FindOfdmaChannelProblem(scenario);
    if (!problem.empty())
    {
        Refuse(problem);
    }
    return scenario;
}

} // namespace llmac
