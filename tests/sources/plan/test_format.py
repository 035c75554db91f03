"""A plan or a state that was cut, merged or edited is refused: it would say less than is billed, and look sound."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import SourceError
from guardrail.model import ChangeSet
from guardrail.sources.plan import read
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    Json,
    change,
    configuration,
    endpoint,
    plan,
    standing,
    state,
)

Edit = Callable[[Json], object]


def whole() -> Json:
    """A plan as Terraform writes it, with the values of its resources in both places."""
    resources = {ENDPOINT: endpoint(), CONFIGURATION: configuration()}
    planned = state(*(standing(address, values) for address, values in resources.items()))["values"]
    document = plan(*(change(address, values) for address, values in resources.items()), planned_values=planned)
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def present() -> Json:
    return state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, configuration()))


def read_text(folder: Path, text: str | bytes) -> ChangeSet:
    path = folder / "plan.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(str(path))


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SourceError) as caught:
        read_text(folder, text)
    assert caught.value.hint
    return caught.value.message.removeprefix(f"{folder / 'plan.json'} ")


def test_what_terraform_writes_is_read(tmp_path: Path) -> None:
    assert len(read_text(tmp_path, json.dumps(whole())).after.endpoints) == 1
    assert len(read_text(tmp_path, json.dumps(present())).after.endpoints) == 1


def test_a_plan_or_state_without_any_resource_is_said(tmp_path: Path) -> None:
    """``terraform show -json`` without the name of a plan shows the state of the folder, which may have none."""
    (said,) = read_text(tmp_path, '{"format_version":"1.0"}').notices
    assert "plan.json is the state of nothing: terraform show -json plan.tfplan" in said
    nothing = '{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{}}}'
    (said,) = read_text(tmp_path, nothing).notices
    assert said.endswith("plan.json holds no resource")


def first(document: Json) -> Any:
    return document["resource_changes"][1]


def planned(document: Json) -> Any:
    return document["planned_values"]["root_module"]["resources"][1]


CONTRADICTIONS: dict[str, tuple[Edit, str]] = {
    "no resource_changes": (lambda d: d.pop("resource_changes"), "planned_values and resource_changes differ on"),
    "no resource change": (lambda d: d.update(resource_changes=[]), "differ on 'aws_sagemaker_endpoint.e'"),
    "one resource change less": (lambda d: d["resource_changes"].pop(), f"differ on '{CONFIGURATION}'"),
    "one variant less": (
        lambda d: first(d)["change"]["after"]["production_variants"].clear(),
        f"differ on '{CONFIGURATION}'",
    ),
    "one attribute less": (lambda d: first(d)["change"]["after"].pop("production_variants"), "differ on"),
    "deleted and there": (lambda d: first(d)["change"].update(actions=["delete"], after=None), "differ on"),
    "of another type": (lambda d: first(d).update(type="aws_s3_bucket"), "holds no resource, but"),
    "of no type": (lambda d: first(d).pop("type"), "of the type ''"),
    "an unknown mode": (lambda d: first(d).update(mode="managd"), "with the mode 'managd', which does not exist"),
    "a data source": (lambda d: first(d).update(mode="data"), "differ on"),
    "planned in an unknown mode": (lambda d: planned(d).update(mode="managd"), "with the mode 'managd'"),
    "planned without a type": (lambda d: planned(d).pop("type"), "of the type ''"),
    "planned otherwise": (lambda d: planned(d)["values"].update(name="other"), f"differ on '{CONFIGURATION}'"),
    "planned as nothing": (lambda d: planned(d).update(values=None), f"differ on '{CONFIGURATION}'"),
    "an unknown action": (lambda d: first(d)["change"].update(actions=["creat"]), "with the action 'creat'"),
    "no action": (lambda d: first(d)["change"].update(actions=[]), "with no action"),
    "an address twice": (
        lambda d: d["resource_changes"].append(copy.deepcopy(first(d))),
        f"has '{CONFIGURATION}' twice",
    ),
    "a plan and a state": (lambda d: d.update(present()), "is a plan and a state in one"),
    "neither part": (
        lambda d: [d.pop(name) for name in ("resource_changes", "planned_values")],
        "is a plan without resource_changes and planned_values",
    ),
    "a state without values": (lambda d: d.update(prior_state=None), "expected `object`, got `null`"),
    "a state without a root": (
        lambda d: d.update(prior_state={"format_version": "1.0", "values": {"outputs": {}}}),
        "has values without a root_module",
    ),
    "a module of nothing": (
        lambda d: d.update(prior_state={"values": {"root_module": {"resuorces": []}}}),
        "has a module without resources and child_modules",
    ),
}


@pytest.mark.parametrize(("edit", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_plan_that_contradicts_itself_is_refused_with_the_place(tmp_path: Path, edit: Edit, said: str) -> None:
    document = whole()
    edit(document)
    assert said in refusal(tmp_path, json.dumps(document))


STATES: dict[str, tuple[Edit, str]] = {
    "an address twice": (
        lambda d: d["values"]["root_module"]["resources"].append(standing(ENDPOINT, endpoint("other"))),
        f"has '{ENDPOINT}' twice",
    ),
    "no values": (lambda d: d.update(values={}), "has values without a root_module"),
    "values of null": (lambda d: d.update(values=None), "expected `object`, got `null`"),
    "no resources": (lambda d: d["values"].update(root_module={"resource": []}), "has a module without resources"),
    "values by another name": (lambda d: d.update(value=d.pop("values")), "neither a plan nor a state"),
}


@pytest.mark.parametrize(("edit", "said"), STATES.values(), ids=STATES)
def test_a_state_that_has_lost_a_part_is_refused(tmp_path: Path, edit: Edit, said: str) -> None:
    document = present()
    edit(document)
    assert said in refusal(tmp_path, json.dumps(document))


WRITERS = pytest.mark.parametrize(
    "separators", [(",", ":"), (", ", ": ")], ids=["as Terraform writes it", "as people do"]
)


@WRITERS
@pytest.mark.parametrize(
    "key",
    ["resource_changes", "address", "change", "actions", "after", "production_variants", "mode", "planned_values"],
)
def test_a_key_that_stands_twice_in_one_object_is_refused(
    tmp_path: Path, key: str, separators: tuple[str, str]
) -> None:
    """The last would win, and {"after": {...}, "after": {}} would cost nothing."""
    text, (comma, colon) = json.dumps(whole(), separators=separators), separators
    again = {"mode": '"data"', "address": '"aws_sagemaker_endpoint.f"'}.get(key, "[]")
    start = text.rindex(f'"{key}"{colon}', 0, text.index('"configuration"'))
    said = refusal(tmp_path, f'{text[:start]}"{key}"{colon}{again}{comma}{text[start:]}')
    assert said == f"has the key '{key}' twice in one object"


@WRITERS
@pytest.mark.parametrize("tree", ["after_unknown", "before_sensitive", "after_sensitive"])
def test_a_mark_that_stands_twice_is_refused(tmp_path: Path, tree: str, separators: tuple[str, str]) -> None:
    """{"instance_type": true, "instance_type": false} would show what is secret, or know what nobody knows yet."""
    document = whole()
    document["resource_changes"][1]["change"][tree] = {"tags": True}
    text, (comma, colon) = json.dumps(document, separators=separators), separators
    start = text.index(f'"{tree}"{colon}{{"tags"') + len(f'"{tree}"{colon}{{')
    said = refusal(tmp_path, f'{text[:start]}"tags"{colon}false{comma}{text[start:]}')
    assert said == "has the key 'tags' twice in one object"


@WRITERS
@pytest.mark.parametrize("key", ["values", "root_module", "resources", "instance_type", "production_variants"])
def test_a_key_that_stands_twice_in_a_state_is_refused(tmp_path: Path, key: str, separators: tuple[str, str]) -> None:
    text, (comma, colon) = json.dumps(present(), separators=separators), separators
    start = text.rindex(f'"{key}"{colon}')
    for spelled in (key, f"\\u{ord(key[0]):04x}{key[1:]}"):  # \u0076alues is values too
        said = refusal(tmp_path, f'{text[:start]}"{spelled}"{colon}[]{comma}{text[start:]}')
        assert said == f"has the key '{key}' twice in one object"


def test_text_that_is_no_utf_8_is_refused_also_in_a_key_that_nobody_looks_for(tmp_path: Path) -> None:
    text = json.dumps(whole()).encode().replace(b'"resource_changes"', b'"resource_chan\xffges"')
    assert "is not valid JSON" in refusal(tmp_path, text)


def test_objects_that_differ_by_their_deposed_key_are_several(tmp_path: Path) -> None:
    """create_before_destroy leaves an old object behind, under the address of the new one."""
    old = {**standing(ENDPOINT, endpoint("old")), "deposed_key": "a1"}
    assert len(read_text(tmp_path, json.dumps(state(standing(ENDPOINT, endpoint()), old))).after.endpoints) == 2


def test_planned_values_of_what_is_forgotten_are_no_contradiction(tmp_path: Path) -> None:
    """Terraform goes on to list it, as 1.11 does for a ``removed`` block with ``destroy = false``."""
    document = whole()
    for each in document["resource_changes"]:
        each["change"].update(actions=["forget"], before=each["change"]["after"], after=None)
    assert len(read_text(tmp_path, json.dumps(document)).after.endpoints) == 1


def test_what_only_a_prior_state_holds_is_planned_too(tmp_path: Path) -> None:
    """With -target, most of what is planned is what stands."""
    document = {**whole(), "resource_changes": [], "prior_state": present()}
    assert len(read_text(tmp_path, json.dumps(document)).after.endpoints) == 1


def test_a_long_address_is_quoted_in_part(tmp_path: Path) -> None:
    long = change(f'aws_sagemaker_endpoint.e["{"x" * 5000}"]', endpoint())
    assert len(refusal(tmp_path, json.dumps(plan(long, long)))) < 300


def test_modules_nested_by_the_thousand_are_refused_in_time_that_is_linear(tmp_path: Path) -> None:
    """Each level would be gone through once more: 900 levels of 5 MB are 4.5 GB."""
    filler = json.dumps({"resources": [], "filler": "x" * 5_000_000})
    text = '{"child_modules":[' * 900 + filler + "]}" * 900
    started = time.process_time()
    said = refusal(tmp_path, f'{{"format_version":"1.0","values":{{"root_module":{text}}}}}')
    assert said == "is nested too deeply to be a plan"
    assert time.process_time() - started < 2
