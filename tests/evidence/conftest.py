"""A cloud on loopback, credentials for it, and a clock that nobody waits for."""

import threading
from collections.abc import Iterator
from functools import cache

import pytest
from botocore.hooks import EventAliaser
from botocore.loaders import Loader

from guardrail.aws import pace
from guardrail.commands.utilization import live
from tests.evidence.cloud import Cloud, serving

_LOADER = Loader()
"""Of the services' models, which take a second to read."""
_alias = cache(EventAliaser(None)._alias_event_name)  # noqa: SLF001
"""The name that botocore has for an event, which each session looks up for 150 of them."""


class Watch:
    """A clock that is as late as somebody waits for it to be."""

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        with self._lock:
            self._now = max(self._now, moment)


@pytest.fixture(autouse=True)
def _models_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.session.create_loader", lambda _: _LOADER)
    monkeypatch.setattr(EventAliaser, "_alias_event_name", lambda _, name: _alias(name))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Pauses between calls are counted and not waited for."""
    made = Watch()
    for module in (pace, live):  # which has it by name
        monkeypatch.setattr(module, "Clock", lambda: made)
    return made


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> Iterator[Cloud]:
    """A cloud that boto3 finds, with credentials of nobody."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr("botocore.retries.adaptive.ClientRateLimiter.on_sending_request", lambda *_, **__: None)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = Cloud(clock=watch.now)
    with serving(made) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield made
