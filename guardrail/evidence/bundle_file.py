"""The file of a bundle: written so that a review shows what changed, and read as a stranger's."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from guardrail import files, limits
from guardrail.errors import SettingsError
from guardrail.evidence.bundle import VERSION, Bundle, EndpointEvidence, JobEvidence, Survey

_AGAIN: Final = "guardrail utilization --output evidence.json"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_DECODER: Final = msgspec.json.Decoder(Bundle)
_ENDPOINT: Final = msgspec.json.Decoder(EndpointEvidence)
_LONGEST_TEXT: Final = 2_048
"""Characters of a name or a reason: an ARN has 2,048 at most."""


class _BundleVersion(Struct):
    """What is looked at before the rest."""

    version: Any = None


def sealed(bundle: Bundle) -> Bundle:
    """The bundle with its hash, over everything else that it says."""
    without = structs.replace(bundle, hash="")
    return structs.replace(without, hash=hashlib.sha256(_ENCODER.encode(without)).hexdigest())


def text(bundle: Bundle) -> str:
    """The file: a line for each fact, a list of numbers on one, so that a changed number changes one line."""
    return packed(bundle).text()


def packed(bundle: Bundle) -> "PackedBundle":
    """A bundle with its endpoints as their JSON."""
    return PackedBundle(bundle.surveys, bundle.endpoints, bundle)


class PackedBundle:
    """A bundle whose endpoints are kept as their JSON: those of thousands, as values, take ten times the memory."""

    def __init__(self, surveys: Iterable[Survey], endpoints: Iterable[EndpointEvidence], rest: Bundle) -> None:
        """Endpoints may be made one by one, of which one is held at a time; surveys are made after all of them.

        The jobs, load tests and advice are those of ``rest``.
        """
        self._endpoints = [_ENCODER.encode(endpoint) for endpoint in endpoints]
        self._rest = structs.replace(rest, surveys=tuple(surveys), endpoints=(), hash="")

    def __len__(self) -> int:
        return len(self._endpoints)

    @property
    def surveys(self) -> tuple[Survey, ...]:
        """What was looked at."""
        return self._rest.surveys

    @property
    def jobs(self) -> tuple[JobEvidence, ...]:
        """The transform jobs."""
        return self._rest.jobs

    def bundle(self) -> Bundle:
        """All of it, as values."""
        return structs.replace(self._rest, endpoints=tuple(self.endpoints()), hash=self._hash())

    def endpoints(self) -> Iterator[EndpointEvidence]:
        """Each of them, made again."""
        return map(_ENDPOINT.decode, self._endpoints)

    def text(self) -> str:
        """The file, as `text` has it."""
        built: dict[str, Any] = msgspec.to_builtins(
            structs.replace(self._rest, hash=self._hash()),
            builtin_types=(Decimal,),
            order="deterministic",
        )
        if self._endpoints:
            built["endpoints"] = self._endpoints
        ordered = {name: built[name] for name in Bundle.__struct_fields__ if name in built}
        return "".join(_lines(ordered, "")) + "\n"

    def _hash(self) -> str:
        """The hash that `sealed` gives the same bundle."""
        found = hashlib.sha256()
        some = tuple(_ENDPOINT.decode(kept) for kept in self._endpoints[:1])
        whole = _ENCODER.encode(structs.replace(self._rest, endpoints=some))
        if self._endpoints:
            before, first, after = whole.partition(self._endpoints[0])
            found.update(before + first)
            for kept in self._endpoints[1:]:
                found.update(b"," + kept)
            whole = after
        found.update(whole)
        return found.hexdigest()


def _lines(value: Any, indent: str) -> Iterator[str]:
    inner = f"{indent} "
    if isinstance(value, bytes):
        value = msgspec.to_builtins(_ENDPOINT.decode(value), builtin_types=(Decimal,), order="deterministic")
    if isinstance(value, dict) and value:
        yield "{\n"
        for place, (name, one) in enumerate(value.items()):
            yield (",\n" if place else "") + f"{inner}{_plain(name)}: "
            yield from _lines(one, inner)
        yield f"\n{indent}}}"
    elif isinstance(value, (list, tuple)) and any(isinstance(one, (dict, list, tuple, bytes)) for one in value):
        yield "[\n"
        for place, one in enumerate(value):
            yield (",\n" if place else "") + inner
            yield from _lines(one, inner)
        yield f"\n{indent}]"
    else:
        yield _plain(value)


def _plain(value: Any) -> str:
    return _ENCODER.encode(value).decode()


def read(path: str | os.PathLike[str], content: bytes | None = None) -> Bundle:
    """The bundle at ``path``, or of its ``content`` where that was read already.

    Raises `SettingsError` for what cannot be read, is none, is of another version, was changed since it was written,
    or holds a number that nothing was ever measured to be.
    """
    path = os.fspath(path)
    if content is None:
        try:
            content = files.named(path)
        except OSError as error:
            raise SettingsError(f"{path}: it cannot be read: {error.strerror}", hint=_AGAIN) from None
    try:
        version = msgspec.json.decode(content, type=_BundleVersion).version
        if version != VERSION and version is not None:
            raise SettingsError(f"{path}: version {str(version)[:20]!r} of a bundle is not supported", hint=_AGAIN)
        bundle = _DECODER.decode(content)
        _refuse(bundle)
    except (*limits.NOT_JSON, ValueError) as error:
        raise SettingsError(f"{path}: no bundle of evidence: {_said(error)}", hint=_AGAIN) from None
    if sealed(bundle).hash != bundle.hash:
        raise SettingsError(f"{path}: it was changed since it was written: its hash is another", hint=_AGAIN)
    return bundle


def _said(error: Exception) -> str:
    problem = str(error).partition("\n")[0]
    return problem if problem.startswith("JSON") else problem[:1].lower() + problem[1:]


def _refuse(value: object) -> None:
    """Raise ValueError where something holds a number, a time or a text that no measurement has."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, Struct):
            pending += [getattr(one, name) for name in one.__struct_fields__]
        elif isinstance(one, dict):
            pending += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple)):
            pending += one
        elif (problem := _problem(one)) is not None:
            raise ValueError(problem)


def _problem(one: object) -> str | None:
    if isinstance(one, Decimal):
        return None if limits.is_countable(one) and one >= 0 else "it has a number that nothing was measured to be"
    if isinstance(one, datetime):
        return None if one.tzinfo is not None else "it has a time without its offset from UTC"
    is_long = isinstance(one, str) and len(one) > _LONGEST_TEXT
    return f"it has a text of more than {_LONGEST_TEXT:,} characters" if is_long else None


OLD_DAYS: Final = 30
"""Days from which on evidence makes no finding: what ran then need not be what runs now."""


def age_days(bundle: Bundle, today: date) -> int:
    """Days since the oldest of what it says was seen, be an account looked at again since; 0 of an empty one."""
    seen = [*(each.end for each in bundle.endpoints), *(each.end for each in bundle.jobs)]
    seen = seen or [each.end for each in bundle.surveys]
    return max(((today - end.date()).days for end in seen), default=0)
