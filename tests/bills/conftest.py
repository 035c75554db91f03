"""What the tests of bills share: the account in every layout, written once, and a question asked as its users do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.bills.account import EXPORTS


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The account of `account`, in a folder of its own for each export."""
    made = {}
    for name, write in EXPORTS.items():
        made[name] = tmp_path_factory.mktemp("export") / name
        write(made[name])
    return made


Asked = Callable[..., dict[str, Any]]
Refusal = Callable[..., str]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Asked:
    """``ask(source, "top", "--tag", "Team=search")``: the decoded JSON of the answer."""

    def asked(*words: object) -> dict[str, Any]:
        code = cli.main(["bills", *map(str, words), "--format", "json"])
        shown = capsys.readouterr()
        assert code == 0, shown.err
        answer: dict[str, Any] = json.loads(shown.out)
        return answer

    return asked


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Refusal:
    """What a question is refused with: one line and a hint, exit 2, nothing on standard output."""

    def asked(*words: object) -> str:
        code = cli.main(["bills", *map(str, words)])
        shown = capsys.readouterr()
        assert (code, shown.out) == (2, ""), shown.err
        told = shown.err.splitlines()
        assert len(told) <= 2
        return shown.err

    return asked
