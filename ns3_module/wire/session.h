// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_SESSION_H
#define LLMAC_SESSION_H

#include "action-reader.h"
#include "connection.h"
#include "frame.h"
#include "observation-writer.h"
#include "reset-reader.h"
#include "stopwatch.h"

#include <ns3/ofdma-lockstep.h>
#include <optional>

namespace llmac
{

/// Python refused the handshake.
class HandshakeRefused : public std::runtime_error
{
  public:
    static constexpr int STATUS = 3; //!< exit status

    using std::runtime_error::runtime_error;
};

/**
 * \brief The conversation of docs/wire.md, from the cell's side
 *
 * Python's agents decide: each phase of a TTI answers the request that led to it, and waits for the
 * next one inside an event of the simulation.
 */
class Session : private ns3::OfdmaAgents
{
  public:
    /**
     * \param connection to Python
     * \param session number that all frames have; 0: the one that Welcome has
     * \param process id of this cell process
     */
    Session(Connection& connection, uint64_t session, uint32_t process);

    /**
     * Introduce the cell.
     * \param wait until Python has to answer
     * \throw HandshakeRefused
     */
    void Handshake(std::chrono::milliseconds wait);

    /// Simulate episodes until Python closes the session.
    void Serve();

  private:
    // Inherited from OfdmaAgents
    bool Lead(uint32_t tti) override;
    bool Follow(uint32_t tti) override;
    void Finish(uint32_t tti) override;

    /**
     * Wait for the action of a phase.
     * \param due what is expected
     * \param apply takes the action, or throws a Fault and leaves everything as it was
     * \return false when a Reset or Close ends the episode instead
     */
    template <typename Apply>
    bool Await(v1::Message::BodyCase due, Apply apply);

    /// Take a Reset or Close. \throw Fault when it is neither, or the Reset is bad
    void TakeOutOfEpisode(v1::Message::BodyCase due);
    /// Build the cells of the next episode and run it.
    void RunEpisode();

    /// Read the answer to Hello into m_request. \throw HandshakeRefused
    FrameHeader ReadWelcome(const zmq::message_t& frame);
    /// Wait for a request that was not answered yet; it is in m_request.
    void NextRequest();
    /// Send the answer to the request.
    void Reply(const v1::Message& reply);
    /// Answer the request with a Fault.
    void ReplyFault(const Fault& fault);

    Connection& m_connection;      //!< to Python
    uint64_t m_session;            //!< number that all frames have
    uint32_t m_process;            //!< id of this cell process
    uint64_t m_sequence{0};        //!< of the request in hand
    uint64_t m_answered{0};        //!< of the request answered last
    v1::Message m_request;         //!< in hand
    v1::Message m_reply;           //!< other than the following two
    v1::Message m_leaders;         //!< an observation of the leaders; its memory is used again
    v1::Message m_followers;       //!< likewise of the followers
    std::string m_frame;           //!< sent last
    std::optional<Episode> m_next; //!< to be simulated
    bool m_closed{false};          //!< Python closed the session
    /// To wait for a request, none: as long as Python is there
    std::optional<std::chrono::milliseconds> m_lease;
    Stopwatch m_stopwatch;       //!< where the time goes
    EpisodeOptions m_options;    //!< of the episode under way
    ActionReader::Cells m_cells; //!< of the episode under way
    ObservationWriter m_writer;  //!< of observations
    ActionReader m_reader;       //!< of actions
};

} // namespace llmac

#endif // LLMAC_SESSION_H
