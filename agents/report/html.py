# SPDX-License-Identifier: MIT
"""Puts the page together: one HTML file that needs nothing besides itself."""

import json
from dataclasses import asdict
from importlib import resources

import jinja2
from markupsafe import Markup

from llmac.agents.report.contents import Contents

_SCRIPTS = (
    "data",
    "metrics",
    "theme",
    "timeline",
    "overview",
    "detail",
    "viewer",
    "chart",
    "meaning",
    "runs",
    "results",
    "main",
)
"""Files of the page's program, in this order; they share one scope."""


def render(contents: Contents) -> str:
    """The page."""
    page = resources.files("llmac.agents.report").joinpath("page")
    jinja = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: page.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    told = {name: value for name, value in asdict(contents).items() if name != "episodes"}
    told["episodes"] = [{"agent": e.agent, "seed": e.seed, "columns": e.columns} for e in contents.episodes]
    return jinja.get_template("page.html").render(
        name=contents.name,
        scenario=contents.summary.get("scenario"),
        style=_source(page.joinpath("style.css").read_text(encoding="utf-8")),
        scripts=[_source(page.joinpath(f"{name}.js").read_text(encoding="utf-8")) for name in _SCRIPTS],
        told=_json(told),
        episodes=[episode.data for episode in contents.episodes],
    )


def _source(text: str) -> Markup:
    """Of ours, to be taken as it is."""
    return Markup(text)  # noqa: S704


def _json(value: object) -> Markup:
    """JSON that can stand in a script element, whatever texts are in it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704
