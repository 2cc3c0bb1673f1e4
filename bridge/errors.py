# SPDX-License-Identifier: MIT
"""Every error that llmac raises on purpose; each message says in one sentence what is wrong and what would be right."""


class LlmacError(Exception):
    """Base of all; the command line prints it without a traceback and exits with 2."""


class ScenarioError(LlmacError):
    """A scenario file, field or value that cannot be used."""


class CellMissingError(LlmacError):
    """The cell's executable was not found; says how to build it."""


class ActionError(LlmacError):
    """A malformed action: an unknown code, a wrong length or count, or a sentence outside the grammar."""


class GrammarError(LlmacError):
    """A file with a grammar that cannot be used."""


class AddressError(LlmacError):
    """An address that the bridge does not listen on, or cannot."""


class KeyFileError(LlmacError):
    """CURVE keys that are missing, damaged, or readable by others."""


class OutOfTurnError(LlmacError):
    """A call at the wrong time: `follow` before `lead`, a phase before `reset` or after the end of the episode."""


class BridgeError(LlmacError):
    """Something went wrong between Python and a cell process.

    Args:
        peer: who is at the other end, for instance "cell 0 (process 4711)".
        step: what was under way: "handshake", "reset", "leader phase of TTI 3", "follower phase of TTI 3", "close".
        cause: what went wrong, a clause.
        log: the last lines that the cell wrote, appended to the message.
    """

    def __init__(self, peer: str, step: str, cause: str, log: str = "") -> None:
        super().__init__(f"{peer}, {step}: {cause}" + (f"\n{log}" if log else ""))
        self.peer = peer
        self.step = step
        self.cause = cause
        self.log = log


class HandshakeError(BridgeError):
    """The peer speaks another protocol version or another schema."""


class DeadlineError(BridgeError):
    """The peer is alive, or seems so, and did not answer in time."""


class CellCrashError(BridgeError):
    """The cell process ended; its running episodes are lost, and the next reset starts a new process."""


class FrameError(BridgeError):
    """A frame that is damaged, too large, or does not belong to this session."""


class RequestRefusedError(BridgeError):
    """The cell refused a request; the simulation stands where it stood and goes on with a correct one."""
