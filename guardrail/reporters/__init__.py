"""One module per format, each with ``render(report, options) -> str``."""

from importlib import import_module
from typing import cast

from guardrail.reporters.base import Reporter

FORMATS = ("table", "json", "markdown", "summary", "sarif", "junit", "github", "gitlab", "html", "concise", "csv")
"""What ``--format`` takes: each is the module of that name beside this one."""


def reporter(name: str) -> Reporter:
    """The reporter called ``name``, one of `FORMATS`, imported now: nobody waits for a format they do not use."""
    return cast("Reporter", import_module(f"guardrail.reporters.{name}"))
