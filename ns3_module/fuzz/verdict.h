// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_VERDICT_H
#define LLMAC_VERDICT_H

#include "action-reader.h"

#include <string>

namespace llmac
{

/**
 * \brief What the decoders of this side make of bytes, to be compared with the other side
 *
 * Requests are judged as those for the first TTI of two cells with 4 UEs and 2 RBGs each.
 */
class Judge
{
  public:
    /// What is decoded.
    enum Decoder : uint8_t
    {
        FRAME,   //!< header, CRC and message
        REQUEST, //!< a Message: LeaderAction, FollowerAction or Reset with all that is checked
        GYM,     //!< an EnvActMsg of ns3-gym with a row of 4 UEs
        DECODERS //!< number of decoders
    };

    Judge();
    ~Judge();

    /// \return "refused", or what was accepted, in one line; crashes at nothing
    std::string Decide(Decoder decoder, const void* data, std::size_t size);

  private:
    std::string DecideFrame(const void* data, std::size_t size);
    std::string DecideRequest(const void* data, std::size_t size);
    std::string DecideGym(const void* data, std::size_t size);

    ActionReader::Cells m_cells; //!< that requests are for
    ActionReader m_reader;       //!< of requests
};

} // namespace llmac

#endif // LLMAC_VERDICT_H
