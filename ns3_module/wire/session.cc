// SPDX-License-Identifier: GPL-2.0-only
#include "session.h"

#include "version.h"

#include <ns3/log.h>
#include <ns3/ofdma-cell-helper.h>
#include <ns3/simulator.h>

namespace llmac
{

NS_LOG_COMPONENT_DEFINE("OfdmaSession");

namespace
{

/// \return name of a message on the wire
std::string
GetName(v1::Message::BodyCase body)
{
    const auto* field = v1::Message::descriptor()->FindFieldByNumber(body);
    return field ? field->message_type()->name() : "an empty message";
}

} // namespace

Session::Session(Connection& connection, uint64_t session, uint32_t process)
    : m_connection(connection),
      m_session(session),
      m_process(process)
{
}

void
Session::Handshake(std::chrono::milliseconds wait)
{
    auto& hello = *m_reply.mutable_hello();
    hello.set_schema_digest(SCHEMA_DIGEST);
    hello.set_ns3_version(NS3_VERSION);
    hello.set_cell_version(PACKAGE_VERSION);
    hello.set_process_id(m_process);
    EncodeFrame({m_session, 0}, m_reply, m_frame);
    m_connection.Send(m_frame);
    const auto frame = m_connection.Receive(wait);
    if (!frame)
    {
        throw ConnectionError(ConnectionError::NOT_ESTABLISHED, "Python did not answer Hello");
    }
    const FrameHeader header = ReadWelcome(*frame);
    if (m_request.has_refusal())
    {
        throw HandshakeRefused(m_request.refusal().reason());
    }
    if (!m_request.has_welcome())
    {
        throw HandshakeRefused("Python answers Hello by Welcome or Refusal, not by " +
                               GetName(m_request.body_case()));
    }
    const auto& digest = m_request.welcome().schema_digest();
    if (!digest.empty() && digest != SCHEMA_DIGEST)
    {
        throw HandshakeRefused("Python was built from schema " + digest.substr(0, 12) +
                               " and this cell from " + std::string(SCHEMA_DIGEST, 12) +
                               "; install the llmac and build the cell of one release");
    }
    if (m_session != 0 && header.session != m_session)
    {
        throw HandshakeRefused("Python's Welcome belongs to another session");
    }
    m_session = header.session;
    if (const auto idle = m_request.welcome().idle_s(); idle > 0)
    {
        m_lease = std::chrono::seconds(idle);
    }
    m_stopwatch.Start();
}

FrameHeader
Session::ReadWelcome(const zmq::message_t& frame)
{
    try
    {
        return DecodeFrame(frame.data(), frame.size(), m_request);
    }
    catch (const Fault& fault)
    {
        throw HandshakeRefused(std::string("Python's answer to Hello: ") + fault.what());
    }
}

void
Session::Serve()
{
    while (!m_closed)
    {
        if (m_next)
        {
            RunEpisode();
        }
        else
        {
            NextRequest();
            try
            {
                TakeOutOfEpisode(v1::Message::kReset);
            }
            catch (const Fault& fault)
            {
                ReplyFault(fault);
            }
        }
    }
    m_reply.mutable_closed();
    Reply(m_reply);
}

void
Session::RunEpisode()
{
    const Episode episode = std::move(*m_next);
    m_next.reset();
    m_options = episode.options;
    NS_LOG_INFO("an episode of " << episode.seeds.size() << " environments and "
                                 << episode.scenarios.front().ttis << " TTIs begins");
    for (std::size_t i = 0; i < episode.seeds.size(); ++i)
    {
        m_cells.push_back(ns3::OfdmaCellHelper::Create(episode.scenarios[episode.scenarioIndex[i]],
                                                       episode.seeds[i],
                                                       m_options.privileged,
                                                       m_options.bound));
    }
    const auto tti = ns3::OfdmaGrid::CalcTti(episode.scenarios.front().numerology);
    ns3::OfdmaLockstep(m_cells, tti, *this).Run();
    for (const auto& cell : m_cells)
    {
        cell->Dispose();
    }
    m_cells.clear();
    ns3::Simulator::Destroy();
}

bool
Session::Lead(uint32_t tti)
{
    m_stopwatch.Lap(Stopwatch::SIMULATE);
    m_writer.Write(m_cells, tti, m_options, *m_leaders.mutable_leader_observation());
    Reply(m_leaders);
    return Await(v1::Message::kLeaderAction,
                 [this, tti] { m_reader.Apply(m_request.leader_action(), tti, m_cells); });
}

bool
Session::Follow(uint32_t tti)
{
    m_stopwatch.Lap(Stopwatch::SIMULATE);
    m_writer.Write(m_cells, tti, *m_followers.mutable_follower_observation());
    Reply(m_followers);
    return Await(v1::Message::kFollowerAction,
                 [this, tti] { m_reader.Apply(m_request.follower_action(), tti, m_cells); });
}

void
Session::Finish(uint32_t tti)
{
    m_stopwatch.Lap(Stopwatch::SIMULATE);
    m_writer.Write(m_cells, tti, m_options, *m_leaders.mutable_leader_observation());
    Reply(m_leaders);
}

template <typename Apply>
bool
Session::Await(v1::Message::BodyCase due, Apply apply)
{
    while (true)
    {
        NextRequest();
        try
        {
            const bool goesOn = m_request.body_case() == due;
            if (goesOn)
            {
                apply();
            }
            else
            {
                TakeOutOfEpisode(due);
            }
            m_stopwatch.Lap(Stopwatch::DECODE);
            return goesOn;
        }
        catch (const Fault& fault)
        {
            ReplyFault(fault);
        }
    }
}

void
Session::TakeOutOfEpisode(v1::Message::BodyCase due)
{
    if (m_request.has_close())
    {
        m_closed = true;
    }
    else if (m_request.has_reset())
    {
        m_next = ReadReset(m_request.reset());
    }
    else
    {
        throw Fault(v1::FAULT_OUT_OF_TURN,
                    GetName(due) + " is due, not " + GetName(m_request.body_case()));
    }
}

void
Session::NextRequest()
{
    while (true)
    {
        const auto frame = m_connection.Receive(m_lease);
        m_stopwatch.Lap(Stopwatch::WAIT);
        if (!frame)
        {
            throw ConnectionError(ConnectionError::LOST,
                                  "no request came for " + std::to_string(m_lease->count() / 1000) +
                                      " s");
        }
        try
        {
            const FrameHeader header = DecodeFrame(frame->data(), frame->size(), m_request);
            if (header.session != m_session)
            {
                throw Fault(v1::FAULT_BAD_FRAME, "the frame belongs to another session");
            }
            if (header.sequence > m_answered)
            {
                m_sequence = header.sequence;
                if (!m_request.has_timing_request())
                {
                    return;
                }
                m_stopwatch.Write(*m_reply.mutable_timing());
                Reply(m_reply);
                continue;
            }
            if (header.sequence == m_answered && m_answered > 0)
            {
                m_connection.Send(m_frame); // Python did not get the answer: time stands still
                continue;
            }
            NS_LOG_WARN("request " << header.sequence << " is old and was dropped");
        }
        catch (const Fault& fault)
        {
            // Nothing in a damaged frame is certain: its answer is not kept, and no time passes.
            v1::Message reply;
            std::string bytes;
            reply.mutable_fault()->set_code(fault.GetCode());
            reply.mutable_fault()->set_reason(fault.what());
            EncodeFrame({m_session, PeekSequence(frame->data(), frame->size())}, reply, bytes);
            m_connection.Send(bytes);
        }
    }
}

void
Session::Reply(const v1::Message& reply)
{
    m_answered = m_sequence;
    EncodeFrame({m_session, m_sequence}, reply, m_frame);
    m_stopwatch.Lap(Stopwatch::ENCODE);
    m_connection.Send(m_frame);
}

void
Session::ReplyFault(const Fault& fault)
{
    NS_LOG_INFO("request " << m_sequence << " is refused: " << fault.what());
    m_reply.mutable_fault()->set_code(fault.GetCode());
    m_reply.mutable_fault()->set_reason(fault.what());
    Reply(m_reply);
}

} // namespace llmac
