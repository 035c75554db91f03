"""Which environment an endpoint belongs to, as its tags or its name tell."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from guardrail.errors import SettingsError
from guardrail.model import Endpoint, Unknown
from guardrail.policy.pattern import Pattern, PatternError

_SEPARATORS = str.maketrans("_./:", "----")


DEFAULT_PATTERNS = {
    "production": ["prod", "production", "prd", "live"],
    "non-production": [
        "non-?prod(uction)?",
        "pre-?prod(uction)?",
        "dev",
        "devel",
        "development",
        "test",
        "testing",
        "tst",
        "qa",
        "uat",
        "stage",
        "stg",
        "staging",
        "sandbox",
        "sbx",
        "demo",
        "poc",
        "experiment",
        "playground",
    ],
}


class EnvironmentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``environments:`` in the settings file."""

    tag_keys: tuple[str, ...] = ("environment", "env", "stage")
    """Tags that name the environment, in any case; the first that is there decides."""
    patterns: dict[str, list[str]] = field(default_factory=DEFAULT_PATTERNS.copy)
    """By environment, `Pattern` texts, each for a whole tag value or a whole word of a name."""


class Environments:
    """The environment of an endpoint by the settings of a team."""

    def __init__(self, settings: EnvironmentSettings | None = None) -> None:
        """Raise `SettingsError` for a pattern that is none."""
        settings = settings or EnvironmentSettings()
        self._tag_keys = tuple(key.lower() for key in settings.tag_keys)
        self._literals: dict[str, str] = {}
        self._patterns: list[tuple[Pattern, str]] = []
        for environment, patterns in settings.patterns.items():
            for pattern in patterns:
                self._add(environment, pattern)
        self._by_name: dict[str, str | Unknown] = {}

    def _add(self, environment: str, pattern: str) -> None:
        if pattern.replace("-", "").isalnum():
            self._literals.setdefault(pattern.lower(), environment)
            return
        try:
            self._patterns.append((Pattern(pattern, ignore_case=True), environment))
        except PatternError as error:
            raise SettingsError(f"environments.patterns.{environment}: {pattern!r} is no pattern: {error}") from error

    def of(self, endpoint: Endpoint) -> str | Unknown:
        """The environment of ``endpoint``: what a tag says, else what a word of its name says.

        Unknown where neither says it or where they cannot be known; policies then hold it to production's limits.
        """
        tag = self._tag(endpoint.tags)
        if isinstance(tag, Unknown):
            return tag
        if tag is not None:
            named = self._match(tag)
            return named if named is not None else Unknown("its environment tag has a value that no pattern names")
        name = endpoint.name.partial if isinstance(endpoint.name, Unknown) else endpoint.name
        if not name:
            return Unknown("neither a tag nor a name says which environment it is")
        known = self._by_name.get(name)
        if known is None:
            known = self._by_name[name] = self._from_name(name)
        return known

    def _tag(self, tags: Mapping[str, str | Unknown] | Unknown) -> str | Unknown | None:
        if isinstance(tags, Unknown) or not tags:
            return None
        lowered = {key.lower(): value for key, value in tags.items()}
        return next((lowered[key] for key in self._tag_keys if lowered.get(key)), None)

    def _match(self, word: str) -> str | None:
        word = word.strip().lower()
        literal = self._literals.get(word)
        if literal is not None:
            return literal
        return next((environment for pattern, environment in self._patterns if pattern.matches(word)), None)

    def _from_name(self, name: str) -> str | Unknown:
        """The one environment among the words of a name; two neighbours are tried together first (``non-prod``)."""
        found = sorted(self._among(name.translate(_SEPARATORS).split("-")))
        if len(found) == 1:
            return found[0]
        if found:
            return Unknown(f"its name speaks of {' and '.join(found)}")
        return Unknown("neither a tag nor its name says which environment it is")

    def _among(self, words: list[str]) -> Iterable[str]:
        found: set[str] = set()
        index = 0
        while index < len(words):
            pair = self._match("-".join(words[index : index + 2])) if index + 1 < len(words) else None
            one = pair or self._match(words[index])
            if one is not None:
                found.add(one)
            index += 2 if pair else 1
        return found
