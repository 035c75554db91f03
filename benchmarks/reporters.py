"""Every report format for 500 endpoints with 1,500 findings, beside a process that makes the report alone."""

import pathlib

from harness import HERE, Result, Target, above, best

from guardrail.reporters import FORMATS

NONE = "the report, not rendered"


def measure(folder: pathlib.Path, rounds: int) -> Result:
    del folder
    render = str(HERE / "render.py")
    found = best({NONE: [render], **{name: [render, name] for name in FORMATS}}, rounds)
    every = sum(above(found, name, NONE) for name in FORMATS)
    return Result(
        "Reports",
        {"500 endpoints, 1,500 findings": found},
        [Target("all formats, each for the first time", 1.5, "s", every)],
    )
