// SPDX-License-Identifier: GPL-2.0-only
#include "connection.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace llmac
{

namespace
{

using std::chrono::milliseconds;

constexpr milliseconds DOWN_LIMIT{1000};   //!< to connect again
constexpr milliseconds TICK{250};          //!< between looks at clocks and the parent
constexpr int HEARTBEAT_INTERVAL_MS = 500; //!< between heartbeats
constexpr int HEARTBEAT_TIMEOUT_MS =
    2000;                             //!< without an answer, or a heartbeat: the connection is down
constexpr int LINGER_MS = 250;        //!< for the last frame to leave
constexpr int SEND_TIMEOUT_MS = 1000; //!< to hand a frame to ZeroMQ
constexpr int PATIENCE_MS = 20;       //!< to block in a receive before all is polled
constexpr int64_t GREATEST_FRAME = 64 << 20; //!< bytes
constexpr int QUEUED_FRAMES = 16;            //!< in each direction; there is one request at a time
constexpr const char* MONITOR = "inproc://monitor"; //!< where the monitor is

} // namespace

Connection::Connection(const ConnectionOptions& options)
    : m_options(options),
      m_parent(options.parent),
      m_context(1),
      m_socket(m_context, options.type),
      m_monitor(m_context, zmq::socket_type::pair),
      m_start(Clock::now()),
      m_downSince(m_start)
{
    CheckEndpoint(options.endpoint, options.keys.has_value());
    Configure();
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    if (zmq_socket_monitor(m_socket.handle(), MONITOR, events) != 0)
    {
        throw zmq::error_t();
    }
    m_monitor.set(zmq::sockopt::linger, 0);
    m_monitor.connect(MONITOR);
    try
    {
        m_socket.connect(options.endpoint);
    }
    catch (const zmq::error_t& error)
    {
        throw ConnectionError(ConnectionError::NOT_ESTABLISHED,
                              options.endpoint + " is no endpoint to connect to: " + error.what());
    }
}

void
Connection::Configure()
{
    if (!m_options.routingId.empty())
    {
        m_socket.set(zmq::sockopt::routing_id, m_options.routingId);
    }
    m_socket.set(zmq::sockopt::linger, LINGER_MS);
    m_socket.set(zmq::sockopt::sndtimeo, SEND_TIMEOUT_MS);
    m_socket.set(zmq::sockopt::rcvtimeo, PATIENCE_MS);
    m_socket.set(zmq::sockopt::maxmsgsize, GREATEST_FRAME);
    m_socket.set(zmq::sockopt::sndhwm, QUEUED_FRAMES);
    m_socket.set(zmq::sockopt::rcvhwm, QUEUED_FRAMES);
    m_socket.set(zmq::sockopt::heartbeat_ivl, HEARTBEAT_INTERVAL_MS);
    m_socket.set(zmq::sockopt::heartbeat_timeout, HEARTBEAT_TIMEOUT_MS);
    m_socket.set(zmq::sockopt::heartbeat_ttl, HEARTBEAT_TIMEOUT_MS);
    m_socket.set(zmq::sockopt::ipv6, m_options.endpoint.find('[') != std::string::npos);
    if (m_options.keys)
    {
        m_socket.set(zmq::sockopt::curve_serverkey, m_options.keys->server);
        m_socket.set(zmq::sockopt::curve_publickey, m_options.keys->open);
        m_socket.set(zmq::sockopt::curve_secretkey, m_options.keys->secret);
    }
}

void
Connection::Send(const std::string& frame)
{
    if (!m_socket.send(zmq::buffer(frame), zmq::send_flags::none))
    {
        throw ConnectionError(ConnectionError::LOST,
                              "Python at " + m_options.endpoint + " takes no more frames");
    }
}

std::optional<zmq::message_t>
Connection::Receive(std::optional<milliseconds> limit)
{
    const auto start = Clock::now();
    zmq::message_t frame;
    // In most cases the next frame is on its way, and this takes a third of a poll and a receive.
    if (m_socket.recv(frame, zmq::recv_flags::none))
    {
        return frame;
    }
    while (true)
    {
        std::vector<zmq::pollitem_t> items = {{m_socket.handle(), 0, ZMQ_POLLIN, 0},
                                              {m_monitor.handle(), 0, ZMQ_POLLIN, 0}};
        if (m_parent.GetDescriptor() >= 0)
        {
            items.push_back({nullptr, m_parent.GetDescriptor(), ZMQ_POLLIN, 0});
        }
        zmq::poll(items, TICK);
        if (items[1].revents != 0)
        {
            ReadMonitor();
        }
        // Even when the poll saw none: what came before the connection went down is taken.
        if (m_socket.recv(frame, zmq::recv_flags::dontwait))
        {
            return frame;
        }
        CheckPresence();
        if (limit && Clock::now() - start > *limit)
        {
            return std::nullopt;
        }
    }
}

void
Connection::ReadMonitor()
{
    zmq::message_t event;
    zmq::message_t address;
    while (m_monitor.recv(event, zmq::recv_flags::dontwait) && m_monitor.recv(address))
    {
        uint16_t number;
        std::memcpy(&number, event.data(), sizeof(number));
        m_connected = number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        m_downSince = Clock::now();
        m_wasConnected |= m_connected;
        if (number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        {
            throw ConnectionError(ConnectionError::REFUSED,
                                  "Python at " + m_options.endpoint +
                                      " refuses the key of this cell: the public half of its "
                                      "secret.key has to be in Python's folder clients/");
        }
        if (number == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
            number == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
        {
            m_remark = m_options.keys ? ": who is there does not have the key in server.key"
                                      : ": who is there does not speak as this cell does; if it "
                                        "asks for keys, give --keys";
        }
        if (m_wasConnected && !m_connected && m_options.type == zmq::socket_type::req)
        {
            return; // for good: the answer that is waited for went down with the connection
        }
    }
}

void
Connection::CheckPresence() const
{
    if (m_parent.HasEnded())
    {
        throw ConnectionError(ConnectionError::LOST,
                              "the process that started this cell has ended");
    }
    const auto down = Clock::now() - m_downSince;
    const auto limit = m_options.type == zmq::socket_type::req ? milliseconds{0} : DOWN_LIMIT;
    if (!m_connected && m_wasConnected && down >= limit)
    {
        throw ConnectionError(ConnectionError::LOST,
                              "Python at " + m_options.endpoint + " is gone");
    }
    if (!m_wasConnected && Clock::now() - m_start > m_options.wait)
    {
        throw ConnectionError(ConnectionError::NOT_ESTABLISHED,
                              "nobody answers at " + m_options.endpoint + m_remark);
    }
}

} // namespace llmac
