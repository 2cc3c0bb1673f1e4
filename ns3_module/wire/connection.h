// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_CONNECTION_H
#define LLMAC_CONNECTION_H

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

/**
 * \brief The DEALER socket of a cell, and what tells that Python is still there
 *
 * A pause of any length between requests is fine as long as heartbeats come. Python is lost when
 * the connection stays down for a second, or when the process that started the cell ends.
 */
class Connection
{
  public:
    /**
     * \param endpoint that Python is bound to
     * \param process id of this cell process, unique on the endpoint
     * \param parent process that started this one, 0 when it is on another machine
     */
    Connection(const std::string& endpoint, uint32_t process, pid_t parent);

    /// Send a frame.
    void Send(const std::string& frame);

    /**
     * Wait for a frame.
     * \param deadline in milliseconds from now, none: as long as Python is there
     * \throw ConnectionError
     */
    zmq::message_t Receive(std::optional<std::chrono::milliseconds> deadline = std::nullopt);

  private:
    using Clock = std::chrono::steady_clock;

    /// Take note of what the monitor tells.
    void ReadMonitor();
    /// \throw ConnectionError when Python is gone
    void CheckPresence() const;

    std::string m_endpoint;        //!< that Python is bound to
    ParentWatch m_parent;          //!< the process that started this one
    zmq::context_t m_context;      //!< with one I/O thread
    zmq::socket_t m_socket;        //!< DEALER
    zmq::socket_t m_monitor;       //!< PAIR, events of the DEALER
    bool m_connected{false};       //!< now
    bool m_wasConnected{false};    //!< at any time
    Clock::time_point m_downSince; //!< when not connected: since when
};

} // namespace llmac

#endif // LLMAC_CONNECTION_H
