// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_CONNECTION_H
#define LLMAC_CONNECTION_H

#include "keys.h"
#include "parent-watch.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <zmq.hpp>

namespace llmac
{

/// The cell cannot go on, and exits with a status of its own.
class ConnectionError : public std::runtime_error
{
  public:
    static constexpr int REFUSED = 3;         //!< exit status: Python refuses this cell's key
    static constexpr int LOST = 4;            //!< exit status: Python is gone
    static constexpr int NOT_ESTABLISHED = 5; //!< exit status: Python was never there

    /**
     * \param status exit status
     * \param reason a sentence
     */
    ConnectionError(int status, const std::string& reason)
        : std::runtime_error(reason),
          m_status(status)
    {
    }

    /// \return exit status
    int GetStatus() const
    {
        return m_status;
    }

  private:
    int m_status; //!< exit status
};

/// Where Python is, and what a cell needs to get there.
struct ConnectionOptions
{
    std::string endpoint;                  //!< that Python is bound to
    std::string routingId;                 //!< unique on the endpoint; empty: none
    pid_t parent{0};                       //!< that started this process; 0: nobody to watch
    std::chrono::milliseconds wait{10000}; //!< until Python has to be there
    std::optional<CurveKeys> keys;         //!< needed beyond this machine
    zmq::socket_type type{zmq::socket_type::dealer}; //!< of the socket
};

/**
 * \brief The socket of a cell, and what tells that Python is still there
 *
 * A pause of any length between requests is fine as long as heartbeats come. Python is lost when
 * the connection stays down for a second, or when the process that started the cell ends. A REQ
 * socket, whose answer goes down with the connection, has lost Python at once.
 */
class Connection
{
  public:
    /// \throw KeyError when the endpoint needs keys \throw ConnectionError when there is none
    explicit Connection(const ConnectionOptions& options);

    /// Send a frame.
    void Send(const std::string& frame);

    /// Wait for a frame as long as Python is there. \throw ConnectionError
    zmq::message_t Receive()
    {
        return std::move(*Receive(std::nullopt));
    }

    /**
     * Wait for a frame.
     * \param limit to wait, none: as long as Python is there
     * \return none when the limit was reached
     * \throw ConnectionError
     */
    std::optional<zmq::message_t> Receive(std::optional<std::chrono::milliseconds> limit);

  private:
    using Clock = std::chrono::steady_clock;

    /// Set every option of the socket.
    void Configure();
    /// Take note of what the monitor tells. \throw ConnectionError when Python refuses the key
    void ReadMonitor();
    /// \throw ConnectionError when Python is gone
    void CheckPresence() const;

    ConnectionOptions m_options;   //!< as given
    ParentWatch m_parent;          //!< the process that started this one
    zmq::context_t m_context;      //!< with one I/O thread
    zmq::socket_t m_socket;        //!< to Python
    zmq::socket_t m_monitor;       //!< PAIR, events of the socket
    bool m_connected{false};       //!< now
    bool m_wasConnected{false};    //!< at any time
    std::string m_remark;          //!< why it is not connected, if that is known
    Clock::time_point m_start;     //!< of the attempt to connect
    Clock::time_point m_downSince; //!< when not connected: since when
};

} // namespace llmac

#endif // LLMAC_CONNECTION_H
