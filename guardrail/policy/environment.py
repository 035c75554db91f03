"""Which environment an endpoint belongs to, as its tags or its name tell."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from guardrail.errors import SettingsError, did_you_mean
from guardrail.expressions import expression
from guardrail.model import Endpoint, Unknown, Workflow
from guardrail.policy.pattern import Pattern, PatternError

_SEPARATORS = expression(r"[_./: -]+")
_NOBODY_SAYS = "neither a tag nor its name says which environment it is"


PRODUCTION, NON_PRODUCTION = "production", "non-production"
"""What there always is; the limits of the first hold where the environment is unknown."""

DEFAULT_PATTERNS = {
    PRODUCTION: ["prod", "production", "prd", "live"],
    NON_PRODUCTION: [
        "non-?prod(uction)?",
        "pre-?prod(uction)?",
        "acc",
        "acceptance",
        "ci",
        "demo",
        "dev",
        "devel",
        "development",
        "experiment",
        "int",
        "integration",
        "lab",
        "playground",
        "poc",
        "pr",
        "preview",
        "qa",
        "sandbox",
        "sbx",
        "stage",
        "staging",
        "stg",
        "temp",
        "test",
        "testing",
        "tmp",
        "tst",
        "uat",
    ],
}


class EnvironmentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``environments:`` in the settings file."""

    tag_keys: tuple[str, ...] = ("environment", "env", "stage")
    """Tags that name the environment, in any case; the first that is there decides."""
    patterns: dict[str, list[str]] = field(default_factory=DEFAULT_PATTERNS.copy)
    """By environment, `Pattern` texts, each for a word of a tag's value or of a name without the digits at its end."""


DEFAULT_ENVIRONMENTS = EnvironmentSettings()


def no_environment(name: str, settings: EnvironmentSettings) -> str | None:
    """Why an endpoint is never in the environment ``name``, whose limits would never hold; None where it may be.

    Known are production, non-production and what `EnvironmentSettings.patterns` names: ``prod``, a word for production,
    is none.
    """
    known = dict.fromkeys((PRODUCTION, NON_PRODUCTION, *settings.patterns))
    if name in known:
        return None
    meant = Environments(settings).named(name)
    near = f", did you mean {meant}?" if meant else did_you_mean(name, known)
    return f"there is no environment {name}{near}{' There are' if near else '; there are'} {', '.join(known)}"


class Environments:
    """The environment of an endpoint by the settings of a team."""

    def __init__(self, settings: EnvironmentSettings | None = None) -> None:
        """Raise `SettingsError` for a pattern that is none."""
        settings = settings or DEFAULT_ENVIRONMENTS
        self._tag_keys = tuple(key.lower() for key in settings.tag_keys)
        self._literals: dict[str, str] = {}
        self._patterns: list[tuple[Pattern, str]] = []
        for environment, patterns in settings.patterns.items():
            for pattern in patterns:
                self._add(environment, pattern)
        self._known: dict[tuple[str, str], str | Unknown] = {}

    def _add(self, environment: str, pattern: str) -> None:
        if pattern.replace("-", "").isalnum():
            self._literals.setdefault(pattern.lower(), environment)
            return
        try:
            self._patterns.append((Pattern(pattern, ignore_case=True), environment))
        except PatternError as error:
            raise SettingsError(f"environments.patterns.{environment}: {pattern!r} is no pattern: {error}") from error

    def of(self, endpoint: Endpoint | Workflow) -> str | Unknown:
        """The environment of an endpoint or a workflow: by a word of a tag, else of its set of values or its name.

        ``chat-dev2`` and the tag value ``eu-dev-1`` are non-production by default: digits at the end of a word do not
        count.

        Unknown where neither says it or where they cannot be known; policies then hold it to production's limits.
        """
        tag = self._tag(endpoint.tags)
        if isinstance(tag, Unknown):
            return tag
        if tag is not None:
            return self._from_text(tag, "its environment tag")
        labelled = self._labelled(endpoint)
        if labelled is not None:
            return labelled
        name = endpoint.name.partial if isinstance(endpoint.name, Unknown) else endpoint.name
        if not name:
            return Unknown(_NOBODY_SAYS)
        return self._from_text(name, "its name")

    def difference(self, endpoint: Endpoint) -> str | None:
        """What the tag and the set of values of an endpoint say, where they do not agree; the tag counts."""
        label, tag = self._labelled(endpoint), self._tag(endpoint.tags)
        told = self._from_text(tag, "its environment tag") if isinstance(tag, str) else None
        if label is None or not isinstance(told, str) or told == label:
            return None
        return f"{endpoint.address} is {told} by its tag, which counts, and {label} by {endpoint.environment_label}"

    def _labelled(self, endpoint: Endpoint | Workflow) -> str | None:
        """What the words of the label say of its set of values; None where they say nothing, or two things."""
        found = endpoint.environment_label and self._from_text(endpoint.environment_label, "its label")
        return found if isinstance(found, str) and found else None

    def named(self, word: str) -> str | None:
        """The environment that a word, or two with a hyphen between them, names."""
        word = word.strip().lower()
        for spelling in dict.fromkeys((word, word.rstrip("0123456789"))):
            if spelling in self._literals:
                return self._literals[spelling]
            for pattern, environment in self._patterns:
                if pattern.matches(spelling):
                    return environment
        return None

    def _tag(self, tags: Mapping[str, str | Unknown] | Unknown) -> str | Unknown | None:
        if isinstance(tags, Unknown) or not tags:
            return None
        lowered = {key.lower(): value for key, value in tags.items()}
        for key in self._tag_keys:
            if lowered.get(key):
                return lowered[key]
        return None

    def _from_text(self, text: str, what: str) -> str | Unknown:
        """The one environment among the words of a text; two neighbours are tried together first (``non-prod``)."""
        known = self._known.get((text, what))
        if known is None:
            known = self._known[text, what] = self._read(text, what)
        return known

    def _read(self, text: str, what: str) -> str | Unknown:
        found = sorted(self._among(_SEPARATORS.sub("-", text).split("-")))
        if len(found) == 1:
            return found[0]
        if found:
            return Unknown(f"{what} speaks of {' and '.join(found)}")
        return Unknown(f"{what} has a value that no pattern names" if "tag" in what else _NOBODY_SAYS)

    def _among(self, words: list[str]) -> Iterable[str]:
        found: set[str] = set()
        index = 0
        while index < len(words):
            pair = self.named("-".join(words[index : index + 2])) if index + 1 < len(words) else None
            one = pair or self.named(words[index])
            if one is not None:
                found.add(one)
            index += 2 if pair else 1
        return found
