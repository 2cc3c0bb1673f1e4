# SPDX-License-Identifier: MIT
"""Every error that llmac raises on purpose; each message says in one sentence what is wrong and what would be right."""

from llmac.bridge.step import Step


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
    """Something went wrong between Python and a cell process; it is either a RecoverableError or a FatalError.

    Args:
        peer: who is at the other end, for instance "cell 0 (process 4711)".
        step: what was under way.
        cause: what went wrong, a clause.
        log: the last lines that the cell wrote, appended to the message.
        environments: that the process simulates; none where that is not known.
    """

    def __init__(self, peer: str, step: Step | str, cause: str, log: str = "", environments: range = range(0)) -> None:
        whose = f", {_name(environments)}" if environments else ""
        super().__init__(f"{peer}{whose}, {step}: {cause}" + (f"\n{log}" if log else ""))
        self.peer = peer
        self.environments = environments
        self.step = str(step)
        self.tti = step.tti if isinstance(step, Step) else None
        self.cause = cause
        self.log = log


class RecoverableError(BridgeError):
    """The next `reset` may well succeed: it starts a new process where one has ended or does not answer."""


class FatalError(BridgeError):
    """The same would happen again."""


class HandshakeError(FatalError):
    """The peer speaks another protocol version or another schema."""


class DeadlineError(RecoverableError):
    """The peer is alive, or seems so, and did not answer in time; its running episodes are lost."""


class CellCrashError(RecoverableError):
    """The cell process ended; its running episodes are lost, and the next reset starts a new process."""


class FrameError(RecoverableError):
    """A frame that is damaged, too large, or not the answer to the request; the running episodes are lost."""


class RequestRefusedError(RecoverableError):
    """The cell refused a request; the simulation stands where it stood and goes on with a correct one."""


def _name(environments: range) -> str:
    first, last = environments[0], environments[-1]
    return f"environment {first}" if first == last else f"environments {first} to {last}"
