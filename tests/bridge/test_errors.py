# SPDX-License-Identifier: MIT
"""docs/errors.md lists every error, and whether it is recoverable."""

import re
from pathlib import Path

import pytest

from llmac.bridge import errors
from llmac.bridge.errors import BridgeError, CellCrashError, FatalError, LlmacError, RecoverableError
from llmac.bridge.step import Step

PAGE = Path(__file__).parents[2].joinpath("docs", "errors.md").read_text(encoding="utf-8")
BASES = {LlmacError, BridgeError, RecoverableError, FatalError}
ERRORS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, LlmacError) and error not in BASES
]


@pytest.mark.parametrize("error", ERRORS)
def test_the_page_lists_it(error: type[LlmacError]) -> None:
    row = re.search(rf"^\| `{error.__name__}` \| (\w+) ", PAGE, re.MULTILINE)
    assert row is not None
    if issubclass(error, BridgeError):
        assert issubclass(error, RecoverableError) != issubclass(error, FatalError)
        assert row[1] == ("yes" if issubclass(error, RecoverableError) else "no")


def test_a_message_names_all_that_is_known() -> None:
    error = CellCrashError("cell 1 (process 7)", Step("leader phase", 3), "it ended", "last words", range(4, 8))
    assert str(error) == "cell 1 (process 7), environments 4 to 7, leader phase of TTI 3: it ended\nlast words"
    assert (error.step, error.tti, error.environments) == ("leader phase of TTI 3", 3, range(4, 8))
    alone = CellCrashError("cell 0", Step("reset"), "it ended", environments=range(2, 3))
    assert str(alone) == "cell 0, environment 2, reset: it ended"
