// SPDX-License-Identifier: GPL-2.0-only
#include "frame.h"

#include "crc32c.h"
#include "fault.h"

#include <cstring>

namespace llmac
{

namespace
{

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames and columns are little-endian");

/// The header as it travels.
struct RawHeader
{
    char magic[4];     //!< "LMAC"
    uint16_t version;  //!< of the protocol
    uint16_t reserved; //!< 0
    uint64_t session;  //!< given to the cell
    uint64_t sequence; //!< of the request
    uint32_t length;   //!< of the payload in bytes
    uint32_t crc;      //!< CRC32C of what precedes it and of the payload
};

static_assert(sizeof(RawHeader) == FRAME_HEADER_SIZE, "the header has no gaps");

constexpr char MAGIC[4] = {'L', 'M', 'A', 'C'}; //!< first bytes of a frame

/// \return CRC of a frame
uint32_t
CalcCrc(const RawHeader& header, const void* payload)
{
    const uint32_t crc = Crc32c(&header, offsetof(RawHeader, crc));
    return Crc32c(payload, header.length, crc);
}

/// \return whether a message itself has fields that the schema does not have
template <typename Message>
bool
HasUnknown(const Message& message)
{
    static const auto* reflection = message.GetReflection(); // to ask for it takes a while
    return !reflection->GetUnknownFields(message).empty();
}

/// \return whether one of these has fields that the schema does not have
template <typename... Messages>
bool
AnyUnknown(const Messages&... messages)
{
    return (HasUnknown(messages) || ...);
}

/**
 * \param message as parsed
 * \return whether it has fields, at any depth, that the schema does not have
 */
bool
HasUnknownFields(v1::Message& message)
{
    // To discard them takes a walk over all fields by reflection; what comes in every exchange is
    // looked at directly.
    const auto& lead = message.leader_action();
    const auto& follow = message.follower_action();
    switch (message.body_case())
    {
    case v1::Message::kLeaderAction:
        return AnyUnknown(message, lead, lead.dcm_count(), lead.dcm_ue(), lead.dcm_code());
    case v1::Message::kFollowerAction:
        return AnyUnknown(message, follow, follow.action());
    default:
        const std::size_t size = message.ByteSizeLong();
        message.DiscardUnknownFields();
        return message.ByteSizeLong() != size;
    }
}

} // namespace

void
EncodeFrame(const FrameHeader& header, const v1::Message& message, std::string& frame)
{
    const std::size_t length = message.ByteSizeLong();
    frame.resize(FRAME_HEADER_SIZE + length);
    char* payload = frame.data() + FRAME_HEADER_SIZE;
    message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(payload));
    RawHeader raw{};
    std::memcpy(raw.magic, MAGIC, sizeof(MAGIC));
    raw.version = PROTOCOL_VERSION;
    raw.session = header.session;
    raw.sequence = header.sequence;
    raw.length = static_cast<uint32_t>(length);
    raw.crc = CalcCrc(raw, payload);
    std::memcpy(frame.data(), &raw, sizeof(raw));
}

FrameHeader
DecodeFrame(const void* data, std::size_t size, v1::Message& message)
{
    const auto refuse = [](const std::string& reason) { throw Fault(v1::FAULT_BAD_FRAME, reason); };
    if (size < FRAME_HEADER_SIZE)
    {
        refuse("a frame has at least 32 bytes, not " + std::to_string(size));
    }
    RawHeader raw;
    std::memcpy(&raw, data, sizeof(raw));
    const char* payload = static_cast<const char*>(data) + FRAME_HEADER_SIZE;
    if (std::memcmp(raw.magic, MAGIC, sizeof(MAGIC)) != 0)
    {
        refuse("a frame begins with LMAC");
    }
    if (raw.version != PROTOCOL_VERSION)
    {
        refuse("this cell speaks protocol version " + std::to_string(PROTOCOL_VERSION) + ", not " +
               std::to_string(raw.version));
    }
    if (raw.length != size - FRAME_HEADER_SIZE)
    {
        refuse("the header says " + std::to_string(raw.length) +
               " bytes of payload, and there are " + std::to_string(size - FRAME_HEADER_SIZE));
    }
    if (raw.crc != CalcCrc(raw, payload))
    {
        refuse("the CRC is wrong: the frame is damaged");
    }
    if (raw.reserved != 0)
    {
        refuse("the reserved field is not 0");
    }
    if (!ParseMessage(payload, raw.length, message))
    {
        refuse("the payload is no llmac.v1.Message");
    }
    return {raw.session, raw.sequence};
}

bool
ParseMessage(const void* data, std::size_t size, v1::Message& message)
{
    return message.ParseFromArray(data, static_cast<int>(size)) && !HasUnknownFields(message) &&
           message.ByteSizeLong() == size;
}

uint64_t
PeekSequence(const void* data, std::size_t size)
{
    RawHeader raw{};
    std::memcpy(&raw, data, size < sizeof(raw) ? 0 : sizeof(raw));
    return raw.sequence;
}

} // namespace llmac
