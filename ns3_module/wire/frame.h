// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_FRAME_H
#define LLMAC_FRAME_H

#include "llmac/v1/wire.pb.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace llmac
{

/// The fields of a frame's header that vary, see docs/wire.md.
struct FrameHeader
{
    uint64_t session;  //!< given to the cell when it is started
    uint64_t sequence; //!< of the request
};

constexpr uint16_t PROTOCOL_VERSION = 1;      //!< of frames and messages
constexpr std::size_t FRAME_HEADER_SIZE = 32; //!< bytes

/**
 * \param header of the frame
 * \param message its payload
 * \param frame gets the bytes; its memory is used again
 */
void EncodeFrame(const FrameHeader& header, const v1::Message& message, std::string& frame);

/**
 * \param data bytes of a frame
 * \param size number of them
 * \param message gets the payload
 * \return its header
 * \throw Fault FAULT_BAD_FRAME
 */
FrameHeader DecodeFrame(const void* data, std::size_t size, v1::Message& message);

/**
 * Both sides are of one schema: what it does not have, or writes in another way, is refused.
 * \param data payload of a frame
 * \param size number of bytes
 * \param message gets it
 * \return whether it is a message
 */
bool ParseMessage(const void* data, std::size_t size, v1::Message& message);

/// \return the sequence that a frame claims to have, whether it is damaged or not; 0 if too short
uint64_t PeekSequence(const void* data, std::size_t size);

} // namespace llmac

#endif // LLMAC_FRAME_H
