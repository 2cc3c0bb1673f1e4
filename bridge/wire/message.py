# SPDX-License-Identifier: MIT
"""The payload of a frame."""

from google.protobuf.message import DecodeError

from llmac.v1 import wire_pb2

NO_MESSAGE = "the payload of a frame is no message of this schema"
"""What is wrong when `parse` raises, a clause."""


def parse(payload: bytes) -> wire_pb2.Message:
    """The message in these bytes.

    Both sides are of one schema, so that there is nothing in a sound message that this one does not know, and nothing
    is written in another way than this side would. Protobuf's libraries differ in what they tolerate beyond that.

    Raises:
        DecodeError: it is no message, or has unknown or oddly written fields.
    """
    message = wire_pb2.Message.FromString(payload)
    message.DiscardUnknownFields()
    if message.ByteSize() != len(payload):
        raise DecodeError("the payload has unknown fields, or is not written as this schema is")
    return message
