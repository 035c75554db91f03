"""What holds for every test: no network beyond this machine, and property tests that repeat."""

import gc
import os
import shlex
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.pathlib import import_path
from _pytest.runner import runtestprotocol

from guardrail import cli
from guardrail.prices import book
from tests import once

once.keep()

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # Whoever wants no bytecode in the checkout has none. But without any, each of the hundreds of processes that tests
    # start compiles all modules again, which takes three times what it then does; and each run all tests.
    kept = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode"))
    sys.pycache_prefix, sys.dont_write_bytecode = kept, False

# jsonschema imports it where it is installed, in a second and a half: it is for IRIs, which no schema asks for
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

gc.disable()  # until all tests are collected


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the transcripts of tests/scenarios anew")


def pytest_collection(session: pytest.Session) -> None:
    """Each worker imports tests of its own first: in a fresh clone all would compile the same ones at the same time."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    first, step = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in sorted(Path(__file__).parent.rglob("test_*.py"))[first::step]:
        with suppress(Exception, pytest.skip.Exception):  # as collecting it will say
            import_path(path, mode="importlib", root=session.config.rootpath, consider_namespace_packages=False)


def pytest_collection_finish() -> None:
    """Thousands of tests, and what they are made of, stay to the end: the collector is not to look through them again.

    It runs less often, too: what a test leaves behind is far smaller than that. Both save a quarter of the time.
    """
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Workers tell of a test that it passed, not that it was set up and torn down as well: that is half of the work."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_report_to_serializable(report: pytest.TestReport) -> None:
    """Words to choose tests by are not sent with the report of each: whoever gets them has chosen already."""
    report.keywords = {}


@pytest.fixture
def play(capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run one ``guardrail …`` of a transcript: its standard output, then standard error, then ``[exit N]`` if not 0."""

    def run(command: str) -> str:
        program, *arguments = shlex.split(command)
        assert program == "guardrail", "a transcript runs nothing but guardrail; in documents, use sh for the rest"
        code = cli.main(arguments)
        shown = capsys.readouterr()
        assert code != cli.BUG, shown.err
        return shown.out + shown.err + (f"[exit {code}]\n" if code else "")

    return run


book.LISTED = "not-in-tests"
"""Tests write prices out by hand, from the tables that are built from evidence; AWS changes the refreshed ones."""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(scope="session")
def for_all() -> Iterator[pytest.MonkeyPatch]:
    """What is so for every test, and is so again after each that makes it otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session", autouse=True)
def no_network(for_all: pytest.MonkeyPatch) -> None:
    """A test that would reach out to the network fails; a server on loopback is fine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            pytest.fail(f"a test tried to connect to {address}")
        connect(self, address)

    for_all.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def plain_surroundings(for_all: pytest.MonkeyPatch) -> None:
    """Neither the terminal, the settings and prices of the person who runs the tests, nor the day show in an output."""
    for name in (
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "GUARDRAIL_DEBUG",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ):
        for_all.delenv(name, raising=False)
    for_all.setenv("GUARDRAIL_PRICES", "bundled")
    for_all.setenv("SOURCE_DATE_EPOCH", "1795305600")  # 2026-11-22, so that ages and waivers do not pass by
