// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_GYM_SESSION_H
#define LLMAC_GYM_SESSION_H

#include "connection.h"
#include "fault.h"
#include "gym-data.h"

#include <ns3/ofdma-lockstep.h>
#include <ns3/ofdma-scenario.h>

namespace llmac
{

/**
 * \brief One episode of one cell as an ns3-gym simulation, see docs/ns3gym.md
 *
 * A step of ns3-gym is a phase. Each UE has a row in the observations and actions as long as it is
 * connected; a UE that joins takes the first row that is free.
 */
class GymSession : private ns3::OfdmaAgents
{
  public:
    /**
     * \param connection REQ, to the agent
     * \param scenario of the cell
     * \param seed of the cell
     * \param rows number of them; 0: as many as UEs are connected at most
     * \throw Fault FAULT_BAD_SCENARIO when there may be more UEs than rows
     */
    GymSession(Connection& connection,
               const ns3::OfdmaScenario& scenario,
               uint64_t seed,
               uint32_t rows);

    /**
     * Simulate the episode, until its end or until the agent stops it.
     * \throw Fault for an action that cannot be; the agent was told that the game is over
     */
    void Run();

  private:
    // Inherited from OfdmaAgents
    bool Lead(uint32_t tti) override;
    bool Follow(uint32_t tti) override;
    void Finish(uint32_t tti) override;

    /// Offer the spaces. \return whether the agent wants to go on
    bool Greet();
    /// Give rows to the UEs that are connected.
    void AssignRows();
    /// \return a value for each row: of its UE, or the default where there is none
    template <typename T, typename Of>
    std::vector<T> Rows(T none, Of of) const;
    /// Write what the BS observes, or nothing of it.
    void WriteLeader(bool visible);
    /// Write what the UEs observe, or nothing of it.
    void WriteFollowers(bool visible);
    /// Write the state of a phase.
    void WriteState(uint32_t tti, int32_t phase);
    /**
     * Send the state, and take the action that answers it.
     * \param name of the box in the action
     * \param codes its values have to be less than this
     * \param apply takes the values, one for each row
     * \return whether the episode goes on
     */
    template <typename Apply>
    bool Exchange(const char* name, uint32_t codes, Apply apply);
    /// Send a message and wait for the answer.
    template <typename Answer>
    void Ask(const google::protobuf::Message& message, Answer& answer);

    Connection& m_connection;          //!< to the agent
    ns3::OfdmaScenario m_scenario;     //!< of the cell
    ns3::Ptr<ns3::OfdmaCell> m_cell;   //!< simulated
    std::vector<int32_t> m_ids;        //!< of the UE in each row; -1: none
    std::vector<ns3::OfdmaUe*> m_ues;  //!< in each row; null: none
    std::vector<std::size_t> m_rows;   //!< of the connected UEs, in their order
    std::vector<ns3::OfdmaDcm> m_dcms; //!< being sent
    std::vector<uint16_t> m_actions;   //!< being carried out
    GymWriter m_writer;                //!< of observations
    ns3opengym::EnvStateMsg m_state;   //!< sent last
    ns3opengym::EnvActMsg m_answer;    //!< of the agent
    std::optional<Fault> m_fault;      //!< that ended the episode
};

} // namespace llmac

#endif // LLMAC_GYM_SESSION_H
