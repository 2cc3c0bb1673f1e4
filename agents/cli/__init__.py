# SPDX-License-Identifier: MIT
"""The command line: `llmac COMMAND`, one module for each command."""

import os
import sys

import typer
from rich.console import Console

from llmac.agents.cli import (
    bench,
    channels,
    clone,
    doctor,
    keys,
    ns3gym,
    report,
    reproduce,
    run,
    scenarios,
    train,
    tune,
    validate,
    wire,
)
from llmac.bridge.errors import LlmacError

_app = typer.Typer(
    name="llmac",
    help="Co-simulate an ns-3 uplink OFDMA cell with agents that play its MAC protocol.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    run.run,
    clone.clone,
    train.train,
    tune.tune,
    validate.validate,
    report.report,
    reproduce.reproduce,
    scenarios.scenarios,
    channels.channels,
    keys.keys,
    ns3gym.ns3gym,
    wire.wire,
    doctor.doctor,
):
    _app.command()(command)
_app.add_typer(bench.bench)


def main() -> None:
    """Run a command; an error of ours becomes one sentence on stderr and exit status 2, Ctrl-C 130."""
    try:
        _app()
    except LlmacError as error:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"llmac: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has gone, for instance `| head`; Python's own flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
