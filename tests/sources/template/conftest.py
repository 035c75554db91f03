"""Templates on disk, read."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from guardrail import sources
from guardrail.model import ChangeSet
from guardrail.sources.options import InputOptions
from guardrail.sources.past import Comparison
from guardrail.sources.template.assembly import ParameterValue, StackTemplate
from guardrail.sources.template.stack import Stack
from guardrail.sources.template.text import load
from guardrail.sources.template.values import Table
from guardrail.sources.template.world import PossibleWorld

Reader = Callable[..., ChangeSet]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Read a template from its text; keywords are those of `InputOptions`."""

    def read_text(
        text: str, name: str = "template.yaml", *, compare_to: str | None = None, **options: Any
    ) -> ChangeSet:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        compared = None if compare_to is None else Comparison(compare_to)
        return sources.read(str(path), InputOptions(**{"region": "us-east-1", "compared": compared, **options}))

    return read_text


class Alone:
    """Surroundings without nested stacks and without other stacks."""

    def __init__(self, world: PossibleWorld | None = None) -> None:
        self.world = world or PossibleWorld()

    def child(self, stack: Stack, logical_id: str, resource: Table) -> Any:
        """No template is here."""
        raise NotImplementedError

    def export(self, name: str) -> Any:
        """Nobody exports anything but this."""
        return {"shared-model": "model-1"}.get(name)

    def file(self, path: str) -> bytes | None:
        """No file is here."""
        raise NotImplementedError

    def output(self, stack: str, name: str) -> Any:
        """One stack has one output."""
        return {("models", "Name"): "model-2"}.get((stack, name))


@pytest.fixture
def stack() -> Callable[..., Stack]:
    """A stack from the text of its template, with the values given for its parameters."""

    def from_text(
        text: str, *, world: PossibleWorld | None = None, region: str | None = "us-east-1", **given: str
    ) -> Stack:
        root = load("t.yaml", dedent(text).encode())
        parameters = {name: ParameterValue(value) for name, value in given.items()}
        template = StackTemplate(path="t.yaml", root=root, name="app", region=region, parameters=parameters)
        return Stack(template, Alone(world))

    return from_text
