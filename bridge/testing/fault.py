# SPDX-License-Identifier: MIT
"""What the checks raise, and how they ask."""

from collections.abc import Callable

from llmac.bridge.errors import LlmacError


class ConformanceError(AssertionError):
    """A rule is broken; the message is a sentence."""


def require(holds: bool, sentence: str) -> None:
    """Raise ConformanceError unless something holds."""
    if not holds:
        raise ConformanceError(sentence)


def refused(call: Callable[[], object], error: type[LlmacError], what: str) -> None:
    """Require that a wrong call raises this error, and says why."""
    try:
        call()
    except error as raised:
        require(bool(str(raised)), f"{what} is refused by a {error.__name__} without a word")
    except Exception as raised:
        raise ConformanceError(f"{what} raises {type(raised).__name__} instead of {error.__name__}") from raised
    else:
        raise ConformanceError(f"{what} is not refused; it has to raise {error.__name__}")
