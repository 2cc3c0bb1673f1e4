// SPDX-License-Identifier: GPL-2.0-only
#include "scenario-reader.h"

#include "fault.h"

#include <ns3/ofdma-probe.h>

#include <cmath>
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
        reason << field << " lies between " << least << " and " << greatest << ", and is not " << value;
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
        return {false,
                InRange("vocabulary.bsr_levels", message.semantic().bsr_levels(), 2U, 64U)};
    case v1::Vocabulary::kOpaque:
        return {true, InRange("vocabulary.symbols", message.opaque().symbols(), 1U, 64U)};
    case v1::Vocabulary::KIND_NOT_SET:
        break;
    }
    Refuse("vocabulary is semantic or opaque");
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

void
ReadControl(const v1::Control& message, OfdmaScenario& scenario)
{
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
    switch (message.capture())
    {
    case v1::CAPTURE_NONE:
        scenario.capture = ns3::OfdmaBsPhy::CAPTURE_NONE;
        break;
    case v1::CAPTURE_STRONGEST:
        scenario.capture = ns3::OfdmaBsPhy::CAPTURE_STRONGEST;
        break;
    default:
        Refuse("radio.capture is none or strongest");
    }
    const double bandwidth = scenario.rbgs * scenario.rbsPerRbg * 180e3 * (1 << scenario.numerology);
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
}

void
ReadChannel(const v1::Scenario& message, OfdmaScenario& scenario)
{
    for (const auto& model : message.channel())
    {
        scenario.channel.push_back(
            {model.type_id(), {model.attributes().begin(), model.attributes().end()}});
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
    if (!message.traffic().has_bernoulli())
    {
        Refuse("traffic is bernoulli");
    }
    scenario.arrivalProbability =
        InRange("traffic.load", message.traffic().bernoulli().probability(), 0.0, 1.0);
    scenario.churn = ReadChurn(message);
    ReadControl(message.control(), scenario);
    ReadRadio(message.radio(), scenario);
    ReadPlacement(message.placement(), scenario);
    ReadChannel(message, scenario);
    ReadErrorModel(message.error_model(), scenario);
    scenario.rho = InRange("utility.rho", message.utility().rho(), 0.0, 1000.0);
    const std::string problem = ns3::FindOfdmaChannelProblem(scenario);
    if (!problem.empty())
    {
        Refuse("channel: " + problem);
    }
    return scenario;
}

} // namespace llmac
