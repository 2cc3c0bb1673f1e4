// SPDX-License-Identifier: GPL-2.0-only
#include "gym-session.h"

#include <ns3/ofdma-cell-helper.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <cmath>
#include <unistd.h>

namespace llmac
{

namespace gym = ns3opengym;

namespace
{

constexpr int32_t LEADER = 0;             //!< phase
constexpr int32_t FOLLOWERS = 1;          //!< phase
constexpr double GREATEST_ID = 16777216;  //!< of UEs; the bounds of boxes are floats
constexpr double GREATEST_SNR_DB = 1000;  //!< of observations
constexpr double GREATEST_BUFFER = 65535; //!< dPDUs

/// \return the greatest number of UEs that are connected at a time
uint32_t
CalcMostUes(const ns3::OfdmaScenario& scenario)
{
    uint32_t connected = scenario.ues;
    uint32_t most = connected;
    for (const auto& event : scenario.churn)
    {
        connected += event.join - event.leave.size();
        most = std::max(most, connected);
    }
    return scenario.poissonChurn ? std::max(most, scenario.poissonChurn->maxUes) : most;
}

/// \return the number of rows that are asked for
uint32_t
CheckRows(const ns3::OfdmaScenario& scenario, uint32_t rows)
{
    const uint32_t most = CalcMostUes(scenario);
    if (rows != 0 && rows < most)
    {
        throw Fault(v1::FAULT_BAD_SCENARIO,
                    "up to " + std::to_string(most) +
                        " UEs are connected at a time, and there are rows for " +
                        std::to_string(rows));
    }
    return std::max({rows, most, 1U});
}

/// \return counters as "arrived=1 delivered=0 ..."
std::string
DescribeCounters(const ns3::OfdmaStatistics::Counters& counters)
{
    const std::size_t prefix = std::string("COUNTER_").size();
    std::string text;
    for (std::size_t i = 0; i < counters.size(); ++i)
    {
        std::string name = v1::Counter_Name(static_cast<v1::Counter>(i)).substr(prefix);
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
            return std::tolower(letter);
        });
        text += (i == 0 ? "" : " ") + name + "=" + std::to_string(counters[i]);
    }
    return text;
}

} // namespace

GymSession::GymSession(Connection& connection,
                       const ns3::OfdmaScenario& scenario,
                       uint64_t seed,
                       uint32_t rows)
    : m_connection(connection),
      m_scenario(scenario),
      m_ids(CheckRows(scenario, rows), -1),
      m_ues(m_ids.size())
{
    m_cell = ns3::OfdmaCellHelper::Create(scenario, seed);
}

void
GymSession::Run()
{
    if (Greet())
    {
        ns3::OfdmaLockstep({m_cell}, ns3::OfdmaGrid::CalcTti(m_scenario.numerology), *this).Run();
    }
    m_cell->Dispose();
    ns3::Simulator::Destroy();
    if (m_fault)
    {
        throw *m_fault;
    }
}

bool
GymSession::Greet()
{
    const auto& codes = m_cell->GetCodes();
    const std::size_t rows = m_ids.size();
    GymSpaces observation;
    const auto addCodes = [rows](GymSpaces& spaces, const char* name, uint32_t count) {
        spaces.AddBox(name, gym::DTYPE_UINT, 0, count - 1, rows);
    };
    observation.AddDiscrete("phase", 2);
    observation.AddBox("tti", gym::DTYPE_UINT, 0, m_cell->GetTtis(), 1);
    observation.AddBox("ue_id", gym::DTYPE_INT, -1, GREATEST_ID, rows);
    observation.AddBox("rbg_outcome", gym::DTYPE_INT, -2, GREATEST_ID, codes.GetRbgs());
    observation.AddBox("rbg_duplicate", gym::DTYPE_UINT, 0, 1, codes.GetRbgs());
    addCodes(observation, "ucm", codes.GetUcmCodes());
    observation.AddBox("mean_snr_db",
                       gym::DTYPE_FLOAT,
                       ns3::OfdmaCell::LEAST_SNR_DB,
                       GREATEST_SNR_DB,
                       rows);
    observation.AddBox("buffer", gym::DTYPE_UINT, 0, GREATEST_BUFFER, rows);
    addCodes(observation, "last_action", codes.GetActionCodes());
    addCodes(observation, "last_ucm", codes.GetUcmCodes());
    addCodes(observation, "dcm", codes.GetDcmCodes());
    addCodes(observation, "ucm_opportunity", 2);
    GymSpaces action;
    addCodes(action, "dcm", codes.GetDcmCodes());
    addCodes(action, "action", codes.GetActionCodes());

    gym::SimInitMsg hello;
    hello.set_simprocessid(getpid());
    *hello.mutable_obsspace() = observation.Describe();
    *hello.mutable_actspace() = action.Describe();
    gym::SimInitAck welcome;
    Ask(hello, welcome);
    return !welcome.stopsimreq();
}

bool
GymSession::Lead(uint32_t tti)
{
    AssignRows();
    WriteState(tti, LEADER);
    return Exchange("dcm", m_cell->GetCodes().GetDcmCodes(), [this](const auto& codes) {
        m_dcms.clear();
        for (std::size_t i = 0; i < m_rows.size(); ++i)
        {
            if (const uint16_t code = codes[m_rows[i]])
            {
                m_dcms.push_back({m_cell->GetUes()[i]->id, code});
            }
        }
        m_cell->SendDcms(m_dcms.data(), m_dcms.size());
    });
}

bool
GymSession::Follow(uint32_t tti)
{
    WriteState(tti, FOLLOWERS);
    return Exchange("action", m_cell->GetCodes().GetActionCodes(), [this](const auto& codes) {
        m_actions.clear();
        for (std::size_t row : m_rows)
        {
            m_actions.push_back(codes[row]);
        }
        m_cell->Act(m_actions.data());
    });
}

void
GymSession::Finish(uint32_t tti)
{
    AssignRows();
    WriteState(tti, LEADER);
    m_state.set_isgameover(true);
    m_state.set_reason(gym::EnvStateMsg::SIMULATION_END);
    Ask(m_state, m_answer);
}

template <typename Apply>
bool
GymSession::Exchange(const char* name, uint32_t codes, Apply apply)
{
    try
    {
        Ask(m_state, m_answer);
        if (m_answer.stopsimreq())
        {
            return false;
        }
        apply(ReadGymCodes(m_answer.actdata(), name, m_ids.size(), codes));
        return true;
    }
    catch (const Fault& fault)
    {
        // The protocol knows no refusal, and the stock client waits for a state without a deadline.
        m_fault = fault;
        m_state.set_isgameover(true);
        m_state.set_reason(gym::EnvStateMsg::GAME_OVER);
        m_state.set_info(fault.what());
        m_connection.Send(m_state.SerializeAsString());
        m_connection.Receive();
        return false;
    }
}

template <typename Answer>
void
GymSession::Ask(const google::protobuf::Message& message, Answer& answer)
{
    m_connection.Send(message.SerializeAsString());
    const auto frame = m_connection.Receive();
    if (!answer.ParseFromArray(frame.data(), static_cast<int>(frame.size())))
    {
        throw Fault(v1::FAULT_BAD_FRAME,
                    "the agent's answer is no " + answer.GetDescriptor()->full_name());
    }
}

void
GymSession::AssignRows()
{
    const auto& ues = m_cell->GetUes();
    const auto connected = [&ues](int32_t id) {
        return std::any_of(ues.begin(), ues.end(), [id](const auto& ue) {
            return int32_t(ue->id) == id;
        });
    };
    for (std::size_t row = 0; row < m_ids.size(); ++row)
    {
        if (!connected(m_ids[row]))
        {
            m_ids[row] = -1;
            m_ues[row] = nullptr;
        }
    }
    m_rows.clear();
    for (const auto& ue : ues)
    {
        auto place = std::find(m_ids.begin(), m_ids.end(), int32_t(ue->id));
        if (place == m_ids.end())
        {
            place = std::find(m_ids.begin(), m_ids.end(), -1); // CheckRows() saw to it
            *place = int32_t(ue->id);
        }
        m_rows.push_back(place - m_ids.begin());
        m_ues[m_rows.back()] = ue.get();
    }
}

template <typename T, typename Of>
std::vector<T>
GymSession::Rows(T none, Of of) const
{
    std::vector<T> values;
    for (const ns3::OfdmaUe* ue : m_ues)
    {
        values.push_back(ue ? static_cast<T>(of(*ue)) : none);
    }
    return values;
}

void
GymSession::WriteLeader(bool visible)
{
    const auto& outcomes = m_cell->GetRbgOutcomes();
    const auto& duplicates = m_cell->GetRbgDuplicates();
    const auto ofUe = [&](auto of) {
        return Rows<uint32_t>(0, [&](const ns3::OfdmaUe& ue) { return visible ? of(ue) : 0; });
    };
    const std::size_t rbgs = outcomes.size();
    m_writer.AddBox("rbg_outcome",
                    visible ? outcomes : std::vector<int32_t>(rbgs, ns3::OfdmaCell::IDLE));
    m_writer.AddBox("rbg_duplicate",
                    visible ? std::vector<uint32_t>(duplicates.begin(), duplicates.end())
                            : std::vector<uint32_t>(rbgs));
    m_writer.AddBox("ucm", ofUe([](const auto& ue) { return ue.ucm; }));
    const float least = ns3::OfdmaCell::LEAST_SNR_DB;
    m_writer.AddBox("mean_snr_db", Rows<float>(least, [&](const ns3::OfdmaUe& ue) {
                        const double snr = visible ? m_cell->GetMeanSnrDb(ue) : NAN;
                        return std::isnan(snr) ? least : static_cast<float>(snr);
                    }));
}

void
GymSession::WriteFollowers(bool visible)
{
    const auto add = [&](const char* name, auto of) {
        m_writer.AddBox(name, Rows<uint32_t>(0, [&](const ns3::OfdmaUe& ue) {
                            return visible ? static_cast<uint32_t>(of(ue)) : 0U;
                        }));
    };
    add("buffer", [](const auto& ue) { return ue.buffer.GetSize(); });
    add("last_action", [](const auto& ue) { return ue.lastAction; });
    add("last_ucm", [](const auto& ue) { return ue.lastUcm; });
    add("dcm", [](const auto& ue) { return ue.dcm; });
    add("ucm_opportunity", [this](const auto& ue) { return m_cell->HasUcmOpportunity(ue); });
}

void
GymSession::WriteState(uint32_t tti, int32_t phase)
{
    m_writer.AddDiscrete("phase", phase);
    m_writer.AddBox("tti", std::vector<uint32_t>{tti});
    m_writer.AddBox("ue_id", m_ids);
    WriteLeader(phase == LEADER);
    WriteFollowers(phase == FOLLOWERS);
    m_state.Clear();
    m_writer.Finish(*m_state.mutable_obsdata());
    if (phase == LEADER)
    {
        m_state.set_reward(static_cast<float>(m_cell->GetLeaderUtility()));
        m_state.set_info(DescribeCounters(m_cell->GetLastCounters()));
    }
}

} // namespace llmac
