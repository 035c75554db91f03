"""What the tests of bills share: the account in every layout, written once, and a question asked as its users do."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guardrail import cli, output
from guardrail.bills import engine
from tests.bills.account import EXPORTS

if TYPE_CHECKING:
    import duckdb


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


class SharedEngine(engine.QueryEngine):
    """An engine of a database that others ask, too: what an engine of its own may not read, it refuses itself."""

    allowed: tuple[str, ...] = ()

    def allow(self, paths: Sequence[str]) -> None:
        self.allowed = tuple(map(engine.pattern, paths))

    def execute(self, text: str, parameters: Sequence[object] = ()) -> None:
        super().execute(text, self.checked(parameters))

    def rows(self, text: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        return super().rows(text, self.checked(parameters))

    def types(self, relation: str, parameters: Sequence[object]) -> dict[str, str]:
        return super().types(relation, self.checked(parameters))

    def checked(self, parameters: Sequence[object]) -> Sequence[object]:
        """What a question is asked with: lists of files that it was allowed."""
        for files in parameters:
            assert isinstance(files, list)
            assert set(files) <= set(self.allowed)
        return parameters


@pytest.fixture(scope="session")
def database() -> "Iterator[duckdb.DuckDBPyConnection]":
    with engine.opened() as own:
        yield own._connection  # noqa: SLF001


@pytest.fixture
def own_database() -> None:
    """A database for each question, as for users: for tests of what it reads, among others that use `one_database`."""


@pytest.fixture
def one_database(
    request: pytest.FixtureRequest, database: "duckdb.DuckDBPyConnection", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions over one database, which takes 15 ms to make, for tests of what files say and not of reading them."""
    if "own_database" in request.fixturenames:
        return

    @contextmanager
    def opened() -> Iterator[engine.QueryEngine]:
        with output.temporary_folder() as folder, database.cursor() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield SharedEngine(connection, folder)

    monkeypatch.setattr(engine, "opened", opened)
