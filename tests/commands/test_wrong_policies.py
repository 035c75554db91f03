"""Wrong policies, as people write them: each is named by ``policies validate`` with its place and what was meant.

Each is a policy that is right but for one thing; `lines` says which line is written how.
"""

from pathlib import Path

import pytest

from guardrail import cli

RIGHT = """\
id: small-tests
title: Tests are small
severity: error
applies_to: variant
when: {variant.shadow: false}
require: {instance.vcpus: {at_most: 4}}
message: "{endpoint.label} is large"
remediation: {terraform: "", cloudformation: ""}
help_uri: https://wiki.example.com/x
"""
WHEN, REQUIRE, MESSAGE, LAST = 5, 6, 7, 9
ENDPOINT = {4: "applies_to: endpoint", WHEN: "when: {endpoint.mode: async}"}
STACK = {4: "applies_to: stack", WHEN: "when: {totals.after.floor: {gt: 0}}", MESSAGE: 'message: "it is too much"'}


def require(text: str, **of: dict[int, str]) -> dict[int, str]:
    return {**of.get("on", {}), REQUIRE: f"require: {text}"}


def extra(text: str) -> dict[int, str]:
    return {LAST: f"help_uri: https://wiki.example.com/x\n{text}"}


def example(text: str) -> dict[int, str]:
    return extra(f"examples:\n  fail:\n    - because: it is large\n      {text}")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def complaints(lines: dict[int, str], capsys: pytest.CaptureFixture[str], name: str = "small-tests") -> list[str]:
    written = [lines.get(number, line) for number, line in enumerate(RIGHT.splitlines(), start=1)]
    Path("own").mkdir()
    Path("own", f"{name}.yaml").write_text("\n".join(written) + "\n", encoding="utf-8")
    assert cli.main(["policies", "validate", "own"]) == (2 if lines or name != "small-tests" else 0)
    return capsys.readouterr().err.splitlines()


def test_what_is_right_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaints({}, capsys) == []


@pytest.mark.parametrize(
    ("lines", "place", "hint"),
    [
        # fields
        (require("{instance.gpus: {at_most: 1}}"), "6: require.instance.gpus", "write instance.accelerators"),
        (require("{instance.vcpu: {at_most: 1}}"), "6: require.instance.vcpu", "did you mean instance.vcpus?"),
        (require("{endpoint.tag.Owner: me}", on=ENDPOINT), "6: require.endpoint.tag.Owner", "did you mean endpoint."),
        (
            require("{endpoint.tags: {Owner: search}}", on=ENDPOINT),
            "6: require.endpoint.tags.Owner",
            "the value of a tag is endpoint.tags.Owner",
        ),
        (
            require("{endpoint: {tags: {has_keys: [Owner]}}}", on=ENDPOINT),
            "6: require.endpoint",
            "written in one, endpoint.NAME",
        ),
        (require("{instance.vcpus: 4}", on=ENDPOINT), "6: require.instance.vcpus", "{each: {instance.vcpus: …}}"),
        (
            require("{each: {instance.vcpus: 4}}"),
            "6: require.each",
            "asks the variants of an endpoint, and here it is about a",
        ),
        (require("{quantity.gpus: {at_most: 2}}", on=STACK), "6: require.quantity.gpus", "declare it under quantities"),
        # operators
        (require('{instance.vcpus: {"<=": 4}}'), "6: require.instance.vcpus.<=", "write at_most"),
        (require("{instance.vcpus: {lte: 4}}"), "6: require.instance.vcpus.lte", "write at_most"),
        (require("{instance.vcpus: {eq: 4}}"), "6: require.instance.vcpus.eq", "a bare value means equality"),
        (require("{instance.vcpus: at_most 4}"), "6: require.instance.vcpus", "write {at_most: 4}"),
        (require('{endpoint.name: {regex: "chat.*"}}'), "6: require.endpoint.name.regex", "write matches"),
        (require('{endpoint.name: {matches: "^chat-.*$"}}'), "6: require.endpoint.name.matches", "no anchors"),
        (
            require("{variant.instance_type: {at_most: ml.m5.large}}"),
            "6: require.variant.instance_type.at_most",
            "it takes ne, in",
        ),
        (
            require("{scaling: {present: yes}}"),
            "6: require.scaling.present",
            "expected true or false, got 'yes': write true",
        ),
        (
            require("{endpoint.tags.Until: {within_days: 90}}"),
            "6: require.endpoint.tags.Until.within_days",
            "write days_from_today",
        ),
        (require("{endpoint.tags.Owner: {is: mail}}"), "6: require.endpoint.tags.Owner.is", "did you mean e-mail?"),
        # values
        (
            require('{instance.vcpus: {at_most: "4"}}'),
            "6: require.instance.vcpus.at_most",
            "expected a number, got '4': write 4",
        ),
        (
            require("{instance.hourly_usd: {at_most: 2 USD}}"),
            "6: require.instance.hourly_usd.at_most",
            "got '2 USD': write 2",
        ),
        (
            require("{instance.family: [m5, g5]}"),
            "6: require.instance.family",
            "to be one of several: {in: ['m5', 'g5']}",
        ),
        (require("{instance.family: {in: m5}}"), "6: require.instance.family.in", "write [m5]"),
        (require("{endpoint.tags: {has_keys: Owner}}"), "6: require.endpoint.tags.has_keys", "write [Owner]"),
        (require("{instance.family: {in: [ml.m5]}}"), "6: require.instance.family.in", "write it like m5, without ml."),
        (
            require("{variant.instance_type: {in: [m5.large]}}"),
            "6: require.variant.instance_type.in",
            "write it like ml.m5.large",
        ),
        (
            require("{variant.memory_mib: {at_most: 4}}"),
            "6: require.variant.memory_mib.at_most",
            "it is 1024 to 6144 MiB",
        ),
        (
            require("{endpoint.data_capture_percent: {lt: 0.2}}", on=ENDPOINT),
            "6: require.endpoint.data_capture_percent.lt",
            "write 20",
        ),
        ({WHEN: "when: {endpoint.mode: real-time}"}, "5: when.endpoint.mode", "did you mean realtime?"),
        ({WHEN: "when: {endpoint.environment: prod}"}, "5: when.endpoint.environment", "did you mean production?"),
        ({WHEN: "when: {endpoint.region: us-east1}"}, "5: when.endpoint.region", "write it like us-east-1"),
        (
            require("{variant.monthly_floor_usd: {at_most: {field: instance.hourly_usd, times: 730}}}"),
            "6: require.variant.monthly_floor_usd.at_most",
            "cannot compare USD a month with instance.hourly_usd, in USD per hour",
        ),
        (
            require("{scaling.max_capacity: {at_most: {field: scaling.min_capacity, factor: 4}}}"),
            "6: require.scaling.max_capacity.at_most",
            "{field: path, times: number}",
        ),
        # shapes
        (require("[{instance.vcpus: {at_most: 4}}]"), "6: require", "expected mapping, got list"),
        (require("{any: {instance.vcpus: 4, instance.accelerators: 0}}"), "6: require.any", "an item begins with -"),
        ({WHEN: "when: {any: {endpoint.mode: realtime}}"}, "5: when.any", "expected a list"),
        (require("{all: []}"), "6: require.all", "an empty list always holds"),
        (require("{any: []}"), "6: require.any", "an empty list never holds"),
        ({3: "severity: high"}, "3: severity", "'high' is none of note, warning or error: write error"),
        ({3: "severity: {production: error}"}, "3: severity", "need a value for default too"),
        ({4: "applies_to: variants"}, "4: applies_to", "did you mean variant?"),
        ({MESSAGE: 'message: "{endpoint.nam} is large"'}, "7: message", "did you mean endpoint.name?"),
        ({MESSAGE: 'message: "it has {vcpus}"'}, "7: message", "there is no field vcpus: write instance.vcpus"),
        ({MESSAGE: 'message: "it is large."'}, "7: message", "leave the period at its end out"),
        ({2: "titel: Tests are small"}, "2: titel", "did you mean title?"),
        ({REQUIRE: "requires: {variant.shadow: false}"}, "6: requires", "did you mean require?"),
        # parameters
        (
            extra("params: {max: {description: x, type: int, default: 4}}"),
            "10: params.max.type",
            "did you mean integer?",
        ),
        (
            extra("params: {max: {description: x, type: integer, default: {production: 8}}}"),
            "10: params.max",
            "values by environment need a value for default too",
        ),
        (
            extra("params: {max: {description: x, type: integer, default: 4.5}}"),
            "10: params.max",
            "expected a whole number, got 4.5",
        ),
        (
            extra("params: {names: {description: x, type: strings, default: {file: names.txt}}}"),
            "10: params.names.default",
            "cannot read own/names.txt: No such file",
        ),
        (
            {
                **require("{endpoint.name: {matches: {param: names}}}"),
                **extra('params: {names: {description: x, type: strings, default: ["("]}}'),
            },
            "6: require.endpoint.name.matches",
            "missing )",
        ),
        (
            {
                **require("{endpoint.missing_tags: []}"),
                **extra("params: {requird_tags: {description: x, type: strings, default: [a]}}"),
            },
            "6: require.endpoint.missing_tags",
            "needs a parameter required_tags",
        ),
        (
            require("{instance.vcpus: {at_most: {param: sizes, of: {field: endpoint.region}}}}"),
            "6: require.instance.vcpus.at_most",
            "there is no parameter sizes",
        ),
        # what goes with others
        (
            extra("supersedes: [small-tests]"),
            "10: small-tests supersedes small-tests",
            "neither would ever be reported",
        ),
        (
            extra("supersedes: [instance-are-right-sized]"),
            "10: supersedes instance-are-right-sized",
            "did you mean instances-are-r",
        ),
        (extra("suggests: alternative.instance"), "10: suggests", "did you mean alternative.instance_type?"),
        ({LAST: "help_uri: 'javascript:alert(1)'"}, "9: help_uri", "it begins with https://"),
        (extra("references: [wiki]"), "10: references", "it begins with https://"),
        # what would hold, or fail, whatever the stack is
        (require("{instance.vcpus: {at_most: {field: instance.vcpus}}}"), "6: require", "is compared with itself"),
        (require("{variant.name: {field: variant.name}}"), "6: require", "is compared with itself"),
        (require("{endpoint.tags: {has_keys: []}}"), "6: require", "an empty list always holds"),
        (require("{variant.instance_type: {in: []}}"), "6: require", "an empty list never holds"),
        (require("{variant.instance_type: {not_in: []}}"), "6: require", "an empty list always holds"),
        (require("{variant.name: {matches: []}}"), "6: require", "an empty list never holds"),
        # what was meant
        (require("{endpoint.tags: Owner}"), "6: require", "write {has_keys: [Owner]}, or endpoint.tags.Owner for"),
        (require("{endpoint.tags.CostCenter: 4711}"), "6: require", "got 4711: write '4711', as text"),
        (require("{endpoint.tags.Production: true}"), "6: require", "got true: write 'true', as text"),
        (require("{or: [{instance.vcpus: 4}]}"), "6: require", "there is no field or: write any"),
        (
            require("{each: {pools: {pool.hourly_usd: {at_most: 3}}, schedules: {schedule.timezone: UTC}}}"),
            "6: require",
            "each asks one kind of parts",
        ),
        (require("{each: {instance.vcpus: {at_most: 3}}}"), "6: require", "which has components, pools, scaling_p"),
        (extra("saving: cheapest"), "10: saving", "did you mean cheaper-instance?"),
        (extra("per: endpoint.tags.Team"), "10: per", "so they need applies_to: stack"),
        # examples
        (example("endpoint: {mode: realtime, nmae: chat}"), "13: examples.fail[0].endpoint.nmae", "did you mean name?"),
        (example("endpoint: {mode: real-time}"), "13: examples.fail[0].endpoint.mode", "did you mean realtime?"),
        (
            example("variant: {instance_type: ml.m5.large, initial_instance_count: two}"),
            "12: examples.fail[0].var",
            "expected a whole",
        ),
        (
            extra("examples:\n  fail:\n    endpoint: {mode: realtime}"),
            "11: examples.fail",
            "expected list, got mapping",
        ),
    ],
)
def test_a_wrong_policy_is_named_with_its_place_and_what_was_meant(
    lines: dict[int, str], place: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = complaints(lines, capsys)
    named = [complaint for complaint in found if complaint.startswith(f"own/small-tests.yaml:{place}")]
    assert named, found
    assert any(hint in complaint for complaint in named), found


def test_a_policy_without_a_part_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaints({2: ""}, capsys)[0] == "own/small-tests.yaml:1: the key 'title' is missing"


def test_a_file_of_another_name_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = complaints({}, capsys, name="other")
    assert found[0] == "own/other.yaml: its id is small-tests, and its file must have the same name: small-tests.yaml"


def test_what_a_file_of_values_holds_moves_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("teams.txt").write_text("search\n\x1b[31mred\n", encoding="utf-8")
    written = RIGHT.replace("{instance.vcpus: {at_most: 4}}", "{endpoint.tags.Team: {in: {param: teams}}}")
    written += "params: {teams: {description: Known., type: strings, default: {file: ../teams.txt}}}\n"
    Path("own").mkdir()
    Path("own", "small-tests.yaml").write_text(written, encoding="utf-8")
    assert cli.main(["policies", "explain", "small-tests", "--policies", "own"]) == 0
    assert r"teams: search, \x1b[31mred" in capsys.readouterr().out
