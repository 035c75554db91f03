"""Terraform source on disk, as a test writes it down."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from guardrail.limits import Allowance
from guardrail.model import ChangeSet, Unknown
from guardrail.sources import hcl
from guardrail.sources.options import SourceOptions

PROVIDER = 'provider "aws" {\n  region = "eu-west-1"\n}\n'

Write = Callable[[dict[str, str]], Path]
Read = Callable[..., ChangeSet]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files below a directory that is the working directory from then on."""

    def write_(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write_


@pytest.fixture
def read(write: Write) -> Read:
    """The change set of the only root module among files; ``main.tf`` may be given as text alone."""

    def read_(
        files: dict[str, str] | str,
        assignments: Sequence[str] = (),
        environment: Mapping[str, str | Unknown] | None = None,
        *,
        keep_going: bool = False,
    ) -> ChangeSet:
        write({"main.tf": PROVIDER + files} if isinstance(files, str) else files)
        (change_set,) = hcl.read(
            ["."], SourceOptions(assignments=assignments, environment=environment or {}, keep_going=keep_going)
        )
        return change_set

    return read_


@pytest.fixture
def frugal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of what evaluating an input may take: what has no end is given up the same, and sooner."""
    allowed = Allowance.__init__.__kwdefaults__
    assert allowed
    for name, most in allowed.items():
        monkeypatch.setitem(allowed, name, most // 100)
