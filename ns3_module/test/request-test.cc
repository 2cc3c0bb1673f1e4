// SPDX-License-Identifier: GPL-2.0-only
// Requests that cannot be taken are refused with a sentence, and change nothing.
#include "action-reader.h"
#include "scenario-reader.h"
#include "test-episode.h"

#include <ns3/ofdma-model-check.h>
#include <ns3/ofdma-probe.h>
#include <ns3/ofdma-random-agents.h>
#include <ns3/test.h>

#include <functional>
#include <limits>
#include <set>

using namespace ns3;
namespace v1 = llmac::v1;

namespace
{

/// \return a scenario in which nothing is wrong
v1::Scenario
CreateMessage()
{
    v1::Scenario message;
    message.set_ttis(10);
    message.set_ues(4);
    message.set_rbgs(2);
    message.set_buffer_capacity(20);
    message.mutable_vocabulary()->mutable_semantic()->set_bsr_levels(6);
    message.mutable_traffic()->mutable_bernoulli()->set_probability(0.5);
    message.mutable_control()->set_ucm_period_ttis(1);
    auto& radio = *message.mutable_radio();
    radio.set_carrier_frequency_hz(2e9);
    radio.set_rbs_per_rbg(4);
    radio.set_tx_power_dbm(23);
    radio.set_noise_figure_db(5);
    radio.set_mcs(9);
    radio.set_capture(v1::CAPTURE_STRONGEST);
    auto& placement = *message.mutable_placement();
    placement.set_radius_m(500);
    placement.set_min_distance_m(35);
    message.add_channel()->set_type_id("ns3::FriisPropagationLossModel");
    message.mutable_error_model()->mutable_mutual_information();
    message.mutable_utility()->set_rho(3);
    return message;
}

} // namespace

/// Each field out of its range, one at a time.
class ScenarioReaderTestCase : public TestCase
{
  public:
    ScenarioReaderTestCase()
        : TestCase("bad scenarios")
    {
    }

  private:
    void DoRun() override
    {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double infinity = std::numeric_limits<double>::infinity();
        Expect("", [](auto&) {});
        Expect("ttis", [](auto& m) { m.set_ttis(0); });
        Expect("ues", [](auto& m) { m.set_ues(1025); });
        Expect("rbgs", [](auto& m) { m.set_rbgs(129); });
        Expect("buffer_capacity", [](auto& m) { m.set_buffer_capacity(65536); });
        Expect("vocabulary", [](auto& m) { m.clear_vocabulary(); });
        Expect("bsr_levels",
               [](auto& m) { m.mutable_vocabulary()->mutable_semantic()->set_bsr_levels(1); });
        Expect("symbols",
               [](auto& m) { m.mutable_vocabulary()->mutable_opaque()->set_symbols(65); });
        Expect("traffic", [](auto& m) { m.clear_traffic(); });
        Expect("load",
               [&](auto& m) { m.mutable_traffic()->mutable_bernoulli()->set_probability(nan); });
        Expect("loss_probability", [](auto& m) { m.mutable_control()->set_loss_probability(1.1); });
        Expect("delay_ttis", [](auto& m) { m.mutable_control()->set_delay_ttis(65); });
        Expect("max_dcms", [](auto& m) { m.mutable_control()->set_max_dcms_per_tti(1025); });
        Expect("ucm_period", [](auto& m) { m.mutable_control()->set_ucm_period_ttis(0); });
        Expect("carrier", [&](auto& m) { m.mutable_radio()->set_carrier_frequency_hz(infinity); });
        Expect("rbs_per_rbg", [](auto& m) { m.mutable_radio()->set_rbs_per_rbg(0); });
        Expect("numerology", [](auto& m) { m.mutable_radio()->set_numerology(4); });
        Expect("tx_power", [&](auto& m) { m.mutable_radio()->set_tx_power_dbm(nan); });
        Expect("noise_figure", [](auto& m) { m.mutable_radio()->set_noise_figure_db(-1); });
        Expect("mcs", [](auto& m) { m.mutable_radio()->set_mcs(29); });
        Expect("capture", [](auto& m) { m.mutable_radio()->set_capture(v1::Capture(7)); });
        Expect("band", [](auto& m) {
            m.set_rbgs(128);
            m.mutable_radio()->set_rbs_per_rbg(32);
            m.mutable_radio()->set_carrier_frequency_hz(3e8);
        });
        Expect("radius", [](auto& m) { m.mutable_placement()->set_radius_m(0); });
        Expect("min_distance", [](auto& m) { m.mutable_placement()->set_min_distance_m(500); });
        Expect("bs_height", [](auto& m) { m.mutable_placement()->set_bs_height_m(1001); });
        Expect("ue_height", [](auto& m) { m.mutable_placement()->set_ue_height_m(-1); });
        Expect("positions",
               [&](auto& m) { m.mutable_placement()->add_positions()->set_x_m(infinity); });
        Expect("channel", [](auto& m) { m.clear_channel(); });
        Expect("NoSuchModel", [](auto& m) { m.add_channel()->set_type_id("ns3::NoSuchModel"); });
        Expect("error_model", [](auto& m) { m.clear_error_model(); });
        Expect("tbler",
               [](auto& m) { m.mutable_error_model()->mutable_fixed_tbler()->set_tbler(-0.1); });
        Expect("threshold", [](auto& m) {
            m.mutable_error_model()->mutable_sinr_threshold()->set_threshold_db(61);
        });
        ExpectTraffic(nan);
        ExpectParties(nan);
        Expect("rho", [&](auto& m) { m.mutable_utility()->set_rho(nan); });
        Expect("signalling_cost_per_bit", [](auto& m) {
            m.mutable_utility()->mutable_leader()->set_signalling_cost_per_bit(-1);
        });
        Expect("transmission_cost", [&](auto& m) {
            m.mutable_utility()->mutable_followers()->set_transmission_cost(nan);
        });

        Expect("TTI 1", [](auto& m) { m.add_churn()->set_tti(0); });
        Expect("order", [](auto& m) {
            m.add_churn()->set_tti(5);
            m.add_churn()->set_tti(4);
        });
        Expect("UE 4", [](auto& m) { // joins at the same boundary, and leaves come first
            auto& event = *m.add_churn();
            event.set_tti(3);
            event.set_join(1);
            event.add_leave(4);
        });
        Expect("UE 2", [](auto& m) { // leaves twice
            for (uint32_t tti : {3, 4})
            {
                auto& event = *m.add_churn();
                event.set_tti(tti);
                event.add_leave(2);
            }
        });
        Expect("connected at a time", [](auto& m) {
            auto& event = *m.add_churn();
            event.set_tti(3);
            event.set_join(1021);
        });
        Expect("", [](auto& m) { // 1020 UEs join, and one of them leaves later
            auto& event = *m.add_churn();
            event.set_tti(3);
            event.set_join(1020);
            auto& later = *m.add_churn();
            later.set_tti(4);
            later.add_leave(1023);
        });
    }

    /// Traffic of each kind.
    void ExpectTraffic(double nan)
    {
        Expect("weights", [&](auto& m) { m.mutable_traffic()->add_weights(nan); });
        Expect("", [](auto& m) { m.mutable_traffic()->add_weights(2); });
        Expect("times the greatest", [](auto& m) { m.mutable_traffic()->add_weights(2.1); });
        Expect("load", [](auto& m) { m.mutable_traffic()->mutable_poisson()->set_mean(1001); });
        Expect("period_ttis", [](auto& m) { m.mutable_traffic()->mutable_periodic(); });
        Expect("jitter_ttis", [](auto& m) {
            m.mutable_traffic()->mutable_periodic()->set_period_ttis(1);
            m.mutable_traffic()->mutable_periodic()->set_jitter_ttis(1000001);
        });
        Expect("mean_on_ttis",
               [](auto& m) { m.mutable_traffic()->mutable_on_off()->set_mean_off_ttis(1); });
        Expect("mean_off_ttis", [](auto& m) {
            m.mutable_traffic()->mutable_on_off()->set_mean_on_ttis(1);
            m.mutable_traffic()->mutable_on_off()->set_mean_off_ttis(0.9);
        });
        Expect("", [](auto& m) { m.mutable_traffic()->mutable_trace(); });
        Expect("as many TTIs", [](auto& m) { m.mutable_traffic()->mutable_trace()->add_ue(0); });
        Expect("order of TTI", [](auto& m) { AddArrivals(m, {{4, 1}, {3, 1}}); });
        Expect("", [](auto& m) { AddArrivals(m, {{3, 600}, {4, 600}}); });
        Expect("1000", [](auto& m) { AddArrivals(m, {{3, 600}, {3, 600}}); });
    }

    /// Arrivals of UE 0: TTIs and numbers of dPDUs.
    static void AddArrivals(v1::Scenario& message,
                            const std::vector<std::pair<uint32_t, uint32_t>>& arrivals)
    {
        for (const auto& [tti, dpdus] : arrivals)
        {
            auto& trace = *message.mutable_traffic()->mutable_trace();
            trace.add_tti(tti);
            trace.add_ue(0);
            trace.add_dpdus(dpdus);
        }
    }

    /// Random churn, decision delay and control loss.
    void ExpectParties(double nan)
    {
        const auto churn = [](auto& m) -> v1::PoissonChurn& {
            auto& poisson = *m.mutable_poisson_churn();
            poisson.set_mean_stay_ttis(10);
            poisson.set_max_ues(4);
            return poisson;
        };
        Expect("", [&](auto& m) { churn(m); });
        Expect("join_per_tti", [&](auto& m) { churn(m).set_join_per_tti(101); });
        Expect("mean_stay_ttis", [&](auto& m) { churn(m).set_mean_stay_ttis(nan); });
        Expect("min_ues", [&](auto& m) { churn(m).set_min_ues(5); });
        Expect("max_ues", [&](auto& m) { churn(m).set_max_ues(0); });
        Expect("max_joins", [&](auto& m) { churn(m).set_max_joins(-1); });
        Expect("exclude", [&](auto& m) {
            churn(m);
            m.add_churn()->set_tti(1);
        });
        Expect("decision_delay",
               [&](auto& m) { m.mutable_decision_delay()->add_probability(nan); });
        Expect("sum", [&](auto& m) { m.mutable_decision_delay()->add_probability(0.9); });
        Expect("number of probabilities", [&](auto& m) {
            for (uint32_t i = 0; i < 1026; ++i)
            {
                m.mutable_decision_delay()->add_probability(1 / 1026.0);
            }
        });
        const auto loss = [](auto& m) -> v1::Control::SinrLoss& {
            auto& sinrLoss = *m.mutable_control()->mutable_sinr_loss();
            sinrLoss.set_slope_db(1);
            return sinrLoss;
        };
        Expect("", [&](auto& m) { loss(m); });
        Expect("midpoint_db", [&](auto& m) { loss(m).set_midpoint_db(nan); });
        Expect("slope_db", [&](auto& m) { loss(m).set_slope_db(0); });
        Expect("bs_tx_power_dbm", [&](auto& m) { loss(m).set_bs_tx_power_dbm(81); });
        Expect("ue_noise_figure_db", [&](auto& m) { loss(m).set_ue_noise_figure_db(-1); });
        Expect("at least one loss model", [&](auto& m) {
            loss(m);
            m.clear_channel();
            m.mutable_error_model()->mutable_ideal_collision();
        });
    }

    /// \param hint that the sentence contains; empty: the scenario is accepted
    template <typename Change>
    void Expect(const std::string& hint, Change change)
    {
        auto message = CreateMessage();
        change(message);
        std::string reason;
        try
        {
            llmac::ReadScenario(message);
        }
        catch (const llmac::Fault& fault)
        {
            NS_TEST_EXPECT_MSG_EQ(fault.GetCode(), v1::FAULT_BAD_SCENARIO, hint);
            reason = fault.what();
        }
        const bool right = hint.empty() ? reason.empty() : reason.find(hint) != std::string::npos;
        NS_TEST_EXPECT_MSG_EQ(right, true, hint << ": " << reason);
    }
};

/// Chains of loss models that would end the process.
class ModelCheckTestCase : public TestCase
{
  public:
    ModelCheckTestCase()
        : TestCase("bad loss models")
    {
    }

  private:
    void DoRun() override
    {
        const std::string friis = "ns3::FriisPropagationLossModel";
        const std::string random = "ns3::RandomPropagationLossModel";
        Expect("", friis, {{"Frequency", "3.5e9"}, {"SystemLoss", "2"}});
        Expect("no ns-3 type", "ns3::Fris", {});
        Expect("no loss model", "ns3::Node", {});
        Expect("abstract", "ns3::ThreeGppPropagationLossModel", {});
        Expect("no loss model",
               "ns3::PropagationLossModel",
               {}); // it is what loss models derive from
        Expect("", "ns3::ThreeGppSpectrumPropagationLossModel", {});
        Expect("", "ns3::ThreeGppV2vUrbanPropagationLossModel", {});
        Expect("numbers, and holds 0", "ns3::TraceFadingLossModel", {});
        Expect("a gain of -1.79769e+308 dB", "ns3::MatrixPropagationLossModel", {});
        Expect("", "ns3::MatrixPropagationLossModel", {{"DefaultLoss", "90"}});
        Expect(
            "no seed sets",
            "ns3::ThreeGppUmaPropagationLossModel",
            {{"ChannelConditionModel", "ns3::ThreeGppUmaChannelConditionModel[O2iThreshold=0.5]"}});
        Expect("attributes are Frequency, SystemLoss, MinLoss", friis, {{"frequency", "1"}});
        Expect("\"soon\" is no value of attribute Frequency", friis, {{"Frequency", "soon"}});
        Expect("\"nan\" is no value of attribute Frequency", friis, {{"Frequency", "nan"}});
        Expect("a gain of inf dB",
               "ns3::LogDistancePropagationLossModel",
               {{"Exponent", "-1e308"}});
        Expect("", random, {{"Variable", "ns3::UniformRandomVariable[Min=0|Max=9]"}});
        for (const char* value : {"ns3::Nothing",
                                  "",
                                  "[",
                                  "ns3::UniformRandomVariable[Min=0",
                                  "ns3::UniformRandomVariable[Mini=0]",
                                  "ns3::UniformRandomVariable[Min]",
                                  "ns3::UniformRandomVariable[Min=x]",
                                  "ns3::FriisPropagationLossModel"})
        {
            Expect("is no value of attribute Variable", random, {{"Variable", value}});
        }
        const std::string uma = "ns3::ThreeGppUmaPropagationLossModel";
        Expect("is no value of attribute ShadowingEnabled", uma, {{"ShadowingEnabled", "perhaps"}});
    }

    /// \param hint that the sentence contains; empty: nothing is wrong
    void Expect(const std::string& hint,
                const std::string& type,
                const std::map<std::string, std::string>& attributes)
    {
        OfdmaScenario scenario;
        scenario.channel = {{type, attributes}};
        const std::string problem = FindOfdmaChannelProblem(scenario);
        const bool right = hint.empty() ? problem.empty() : problem.find(hint) != std::string::npos;
        NS_TEST_EXPECT_MSG_EQ(right, true, type << ", " << hint << ": " << problem);
    }
};

/// IP traffic that cannot be.
class IpReaderTestCase : public TestCase
{
  public:
    IpReaderTestCase()
        : TestCase("bad IP traffic")
    {
    }

  private:
    void DoRun() override
    {
        Expect("", [](auto&) {});
        Expect("downlink_delay_ttis", [](auto& m) {
            m.mutable_traffic()->mutable_ip()->set_downlink_delay_ttis(1000001);
        });
        Expect("number of traffic.applications", [](auto& m) {
            for (int i = 0; i < 256; ++i)
            {
                *m.mutable_traffic()->mutable_ip()->add_applications() = Application(m);
            }
        });
        Expect("applications.ues", [](auto& m) { Application(m).add_ues(1 << 21); });
        Expect("direction", [](auto& m) {
            Application(m).set_direction(static_cast<v1::Application::Direction>(2));
        });
        Expect("start_tti", [](auto& m) { Application(m).set_start_tti(1000001); });
        Expect("stop_tti", [](auto& m) { Application(m).set_stop_tti(1000001); });
        Expect("jitter_ttis", [](auto& m) { Application(m).set_jitter_ttis(1000001); });
        Expect("is no application",
               [](auto& m) { Application(m).mutable_model()->set_type_id("ns3::Node"); });
        Expect("RemotePort follows from the cell", [](auto& m) {
            (*Application(m).mutable_model()->mutable_attributes())["RemotePort"] = "9";
        });
        Expect("exclude each other", [](auto& m) {
            auto& adaptation = *m.mutable_radio()->mutable_link_adaptation();
            adaptation.set_period_ttis(1);
            adaptation.set_target_bler(0.1);
        });
        Expect("no room for a byte", [](auto& m) {
            m.mutable_radio()->set_mcs(0);
            m.mutable_radio()->set_rbs_per_rbg(1);
        });
    }

    /// \return the application of a scenario
    static v1::Application& Application(v1::Scenario& message)
    {
        return *message.mutable_traffic()->mutable_ip()->mutable_applications(0);
    }

    /// \param hint that the sentence contains; empty: nothing is wrong \param spoil the scenario
    void Expect(const std::string& hint, const std::function<void(v1::Scenario&)>& spoil)
    {
        v1::Scenario message = CreateMessage();
        message.mutable_traffic()->mutable_ip()->add_applications()->mutable_model()->set_type_id(
            "ns3::UdpClient");
        spoil(message);
        std::string reason;
        try
        {
            llmac::ReadScenario(message);
        }
        catch (const llmac::Fault& fault)
        {
            reason = fault.what();
        }
        const bool right = hint.empty() ? reason.empty() : reason.find(hint) != std::string::npos;
        NS_TEST_EXPECT_MSG_EQ(right, true, hint << ": " << reason);
    }
};

/// Every application of ns-3 runs with its defaults, or has an obstacle.
class EveryApplicationTestCase : public TestCase
{
  public:
    EveryApplicationTestCase()
        : TestCase("every application runs or is refused")
    {
    }

  private:
    void DoRun() override
    {
        std::set<std::string> run;
        for (uint32_t i = 0; i < TypeId::GetRegisteredN(); ++i)
        {
            OfdmaScenario scenario;
            scenario.internet.emplace();
            const std::string type = TypeId::GetRegistered(i).GetName();
            for (bool downlink : {false, true})
            {
                OfdmaApplicationSpec application;
                application.model.typeId = type;
                application.downlink = downlink;
                scenario.internet->applications.push_back(application);
            }
            if (FindOfdmaChannelProblem(scenario).empty())
            {
                TestEpisode episode(scenario);
                OfdmaRandomAgents agents(episode.cells);
                episode.Run(agents);
                run.insert(type);
            }
        }
        for (const char* type : {"ns3::UdpClient",
                                 "ns3::UdpEchoClient",
                                 "ns3::OnOffApplication",
                                 "ns3::BulkSendApplication"})
        {
            NS_TEST_EXPECT_MSG_EQ(run.count(type), 1, type << " runs");
        }
    }
};

/// Every loss model of ns-3 runs with its defaults, or has an obstacle.
class EveryModelTestCase : public TestCase
{
  public:
    EveryModelTestCase()
        : TestCase("every loss model runs or is refused")
    {
    }

  private:
    void DoRun() override
    {
        uint32_t run = 0;
        for (uint32_t i = 0; i < TypeId::GetRegisteredN(); ++i)
        {
            OfdmaScenario scenario;
            scenario.channel = {{TypeId::GetRegistered(i).GetName(), {}}};
            if (FindOfdmaChannelProblem(scenario).empty())
            {
                RunModel(scenario);
                ++run;
            }
        }
        NS_TEST_EXPECT_MSG_GT(run, 22, "loss models that run");
    }

    /// Let UEs act at random over this model.
    void RunModel(OfdmaScenario scenario)
    {
        scenario.ttis = 20;
        scenario.errorModel = OfdmaScenario::MUTUAL_INFORMATION;
        TestEpisode episode(scenario, {1}, true, true);
        OfdmaRandomAgents agents(episode.cells);
        episode.Run(agents);
        for (const auto& ue : episode.Cell().GetUes())
        {
            NS_TEST_EXPECT_MSG_EQ(std::isnan(episode.Cell().GetMeanSnrDb(*ue)),
                                  false,
                                  scenario.channel.front().typeId);
        }
    }
};

/// Malformed actions.
class ActionReaderTestCase : public TestCase
{
  public:
    ActionReaderTestCase()
        : TestCase("bad actions")
    {
    }

  private:
    void DoRun() override
    {
        OfdmaScenario scenario; // two cells of 4 UEs and 2 RBGs: 32 UE action codes, 6 DCM codes
        TestEpisode episode(scenario, {1, 2});
        m_cells = episode.cells;
        for (const auto& cell : m_cells)
        {
            cell->BeginTti(0);
        }
        const auto column = v1::FAULT_BAD_COLUMN;
        const auto code = v1::FAULT_BAD_CODE;
        ExpectDcms(v1::FAULT_OUT_OF_TURN, 1, {0, 0}, {}, {});
        ExpectDcms(column, 0, {0}, {}, {});
        ExpectDcms(column, 0, {1, 1}, {0}, {1});
        ExpectDcms(column, 0, {1, 0}, {0}, {1, 1});
        ExpectDcms(column, 0, {0xffffffff, 2}, {0}, {1});
        ExpectDcms(code, 0, {0, 1}, {4}, {1});
        ExpectDcms(code, 0, {1, 1}, {0, 0}, {1, 6});
        ExpectDcms(code, 0, {2, 0}, {1, 1}, {1, 1});
        ExpectDcms(code, 0, {0, 2}, {1, 0}, {1, 1});
        ExpectActions(v1::FAULT_OUT_OF_TURN, 1, {0, 0, 0, 0, 0, 0, 0, 0});
        ExpectActions(column, 0, {0, 0, 0, 0, 0, 0, 0});
        ExpectActions(column, 0, {0, 0, 0, 0, 0, 0, 0, 0, 0});
        ExpectActions(code, 0, {16, 16, 16, 16, 16, 16, 16, 32});

        v1::FollowerAction message;
        message.mutable_action()->set_dtype(v1::DTYPE_UINT8);
        message.mutable_action()->set_length(8);
        message.mutable_action()->set_data(std::string(8, '\0'));
        Expect(column, message); // dtype
        message.mutable_action()->set_dtype(v1::DTYPE_UINT16);
        Expect(column, message); // 8 bytes are 4 values
        message.mutable_action()->set_length(1U << 31);
        Expect(column, message); // 2^32 bytes

        for (const auto& cell : m_cells)
        {
            NS_TEST_EXPECT_MSG_EQ(cell->GetStatistics().Get(OfdmaCounter::DECISION),
                                  0,
                                  "a refused action took effect");
        }
        ExpectDcms(v1::FAULT_UNSPECIFIED, 0, {0, 2}, {1, 3}, {1, 5});
        ExpectActions(v1::FAULT_UNSPECIFIED, 0, {0, 1, 2, 3, 4, 5, 6, 31});
        NS_TEST_EXPECT_MSG_EQ(m_cells[1]->GetStatistics().Get(OfdmaCounter::DECISION), 6, "taken");
    }

    /// \param expected FAULT_UNSPECIFIED: it is taken
    void ExpectDcms(v1::FaultCode expected,
                    uint32_t tti,
                    const std::vector<uint32_t>& counts,
                    const std::vector<uint32_t>& ues,
                    const std::vector<uint16_t>& codes)
    {
        v1::LeaderAction message;
        message.set_tti(tti);
        Fill(message.mutable_dcm_count(), counts);
        Fill(message.mutable_dcm_ue(), ues);
        Fill(message.mutable_dcm_code(), codes);
        Expect(expected, message);
    }

    /// \param expected FAULT_UNSPECIFIED: it is taken
    void ExpectActions(v1::FaultCode expected, uint32_t tti, const std::vector<uint16_t>& actions)
    {
        v1::FollowerAction message;
        message.set_tti(tti);
        Fill(message.mutable_action(), actions);
        Expect(expected, message);
    }

    /// Write a column.
    template <typename T>
    static void Fill(v1::Column* column, const std::vector<T>& values)
    {
        llmac::ColumnWriter<T> writer;
        writer.Add(values.begin(), values.end());
        writer.Finish(column);
    }

    /// Check what becomes of an action.
    template <typename Action>
    void Expect(v1::FaultCode expected, const Action& message)
    {
        v1::FaultCode code = v1::FAULT_UNSPECIFIED;
        try
        {
            m_reader.Apply(message, 0, m_cells);
        }
        catch (const llmac::Fault& fault)
        {
            code = fault.GetCode();
        }
        NS_TEST_EXPECT_MSG_EQ(code, expected, message.ShortDebugString());
    }

    llmac::ActionReader m_reader;        //!< under test
    std::vector<Ptr<OfdmaCell>> m_cells; //!< that get the actions
};

/// The suite of requests.
class RequestTestSuite : public TestSuite
{
  public:
    RequestTestSuite()
        : TestSuite("ofdma-request")
    {
        AddTestCase(new ScenarioReaderTestCase);
        AddTestCase(new ModelCheckTestCase);
        AddTestCase(new IpReaderTestCase);
        AddTestCase(new EveryApplicationTestCase);
        AddTestCase(new EveryModelTestCase);
        AddTestCase(new ActionReaderTestCase);
    }
};

static RequestTestSuite g_requestTestSuite; //!< the suite
