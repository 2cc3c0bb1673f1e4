// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.h"

#include "frame.h"
#include "gym-data.h"
#include "reset-reader.h"

#include <ns3/ofdma-cell-helper.h>
#include <ns3/simulator.h>

namespace llmac
{

namespace
{

constexpr std::size_t ROWS = 4;       //!< of ns3-gym
constexpr uint32_t ACTION_CODES = 32; //!< of the cells, and of ns3-gym
const std::string REFUSED = "refused";

} // namespace

Judge::Judge()
{
    ns3::OfdmaScenario scenario;
    for (uint64_t seed : {1, 2})
    {
        m_cells.push_back(ns3::OfdmaCellHelper::Create(scenario, seed));
        m_cells.back()->BeginTti(0);
    }
}

Judge::~Judge()
{
    for (const auto& cell : m_cells)
    {
        cell->Dispose();
    }
    ns3::Simulator::Destroy();
}

std::string
Judge::Decide(Decoder decoder, const void* data, std::size_t size)
{
    try
    {
        switch (decoder)
        {
        case FRAME:
            return DecideFrame(data, size);
        case REQUEST:
            return DecideRequest(data, size);
        default:
            return DecideGym(data, size);
        }
    }
    catch (const Fault&)
    {
        return REFUSED;
    }
}

std::string
Judge::DecideFrame(const void* data, std::size_t size)
{
    v1::Message message;
    const FrameHeader header = DecodeFrame(data, size, message);
    return "session " + std::to_string(header.session) + " sequence " +
           std::to_string(header.sequence) + " body " + std::to_string(message.body_case());
}

std::string
Judge::DecideRequest(const void* data, std::size_t size)
{
    v1::Message message;
    if (!ParseMessage(data, size, message))
    {
        return REFUSED;
    }
    switch (message.body_case())
    {
    case v1::Message::kLeaderAction:
        m_reader.Check(message.leader_action(), 0, m_cells);
        return "leader action";
    case v1::Message::kFollowerAction:
        m_reader.Check(message.follower_action(), 0, m_cells);
        return "follower action";
    case v1::Message::kReset:
        for (auto& scenario : *message.mutable_reset()->mutable_scenarios())
        {
            scenario.clear_channel(); // loss models are tried in a process of their own
        }
        ReadReset(message.reset());
        return REFUSED; // Python writes resets and reads none
    default:
        return REFUSED;
    }
}

std::string
Judge::DecideGym(const void* data, std::size_t size)
{
    ns3opengym::EnvActMsg message;
    if (!message.ParseFromArray(data, static_cast<int>(size)))
    {
        return REFUSED;
    }
    if (message.stopsimreq())
    {
        return "stop";
    }
    std::string codes;
    for (uint16_t code : ReadGymCodes(message.actdata(), "action", ROWS, ACTION_CODES))
    {
        codes += " " + std::to_string(code);
    }
    return "action" + codes;
}

} // namespace llmac
