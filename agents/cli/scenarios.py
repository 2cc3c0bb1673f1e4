# SPDX-License-Identifier: MIT
"""`llmac scenarios`: the built-in scenarios, and the fields that `--set` and a YAML file can give."""

from rich.console import Console
from rich.table import Table

from llmac.bridge.scenario import builtin_names
from llmac.bridge.scenario.fields import fields


def scenarios() -> None:
    """List the built-in scenarios and all scenario fields."""
    console = Console(highlight=False, markup=False)
    console.print(f"built-in scenarios: {', '.join(builtin_names())}\n")
    table = Table("field", "default", "allowed", "")
    for field in fields():
        table.add_row(field.path, field.default.strip("`"), field.allowed, field.meaning)
    console.print(table)
