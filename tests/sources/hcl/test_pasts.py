"""Terraform source against its past: a commit read from git's objects, or another folder.

Every endpoint here runs ml.m5.large; how many instances of it before and after is what the tests look at.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from guardrail import limits
from guardrail.errors import GitError, SourceError
from guardrail.model import ChangeSet, Inventory, ScalableTarget, Unknown
from guardrail.sources import hcl
from guardrail.sources.options import SourceOptions
from guardrail.sources.past import Comparison
from tests.sources.hcl.conftest import PROVIDER
from tests.test_git import clone, commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")

Counts = dict[str, object]


def endpoint(name: str, count: object = 1, *, naming: str = "name_prefix", meta: str = "") -> str:
    """An endpoint and its configuration; the configuration has a new name with every change of it, unless fixed."""
    return f"""
resource "aws_sagemaker_endpoint_configuration" "{name}" {{
  {meta}
  {naming} = "{name}-"
  production_variants {{
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = {count}
  }}
}}
resource "aws_sagemaker_endpoint" "{name}" {{
  {meta}
  name                 = "{name}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.{name}{"[0]" if meta else ""}.name
}}
"""


def target(most: object, meta: str = "") -> str:
    """What scales the variant of the endpoint chat."""
    return f"""
resource "aws_appautoscaling_target" "t" {{
  {meta}
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/chat/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = {most}
}}
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, which is the working directory."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def change(top: Path) -> Callable[[dict[str, str], dict[str, str]], None]:
    """Commit files, and put others in their place in the working tree."""

    def change_(before: dict[str, str], after: dict[str, str]) -> None:
        commit(top, before)
        for name in before.keys() - after.keys():
            (top / name).unlink()
        for name, text in after.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)

    return change_


Changing = Callable[[dict[str, str], dict[str, str]], None]


def compared(*paths: str, to: str = "HEAD", assignments: tuple[str, ...] = ()) -> list[ChangeSet]:
    return list(hcl.read(paths or (".",), SourceOptions(assignments=assignments), compared=Comparison(to)))


def only(*paths: str, to: str = "HEAD", assignments: tuple[str, ...] = ()) -> ChangeSet:
    (found,) = compared(*paths, to=to, assignments=assignments)
    return found


def counts(inventory: Inventory | None) -> Counts:
    """How many instances each endpoint has."""
    assert inventory is not None
    return {
        each.address: each.variants[0].initial_instance_count  # type: ignore[union-attr, index]
        for each in inventory.endpoints
    }


def scaled(inventory: Inventory | None) -> ScalableTarget:
    """The scaling target of the only variant."""
    assert inventory is not None
    found = inventory.endpoints[0].variants[0].scaling  # type: ignore[index]
    assert isinstance(found, ScalableTarget)
    return found


def happened(change_set: ChangeSet) -> dict[str, tuple[str, bool]]:
    return {each.address: (each.change, each.touched) for each in change_set.after.endpoints}


CHAT, SEARCH = "aws_sagemaker_endpoint.chat", "aws_sagemaker_endpoint.search"

# What stood there ----------------------------------------------------------------------------------------------------


def test_what_changes_is_told_from_what_does_not(change: Changing) -> None:
    change(
        {"main.tf": PROVIDER + endpoint("chat", 2) + endpoint("search")},
        {"main.tf": PROVIDER + endpoint("chat", 3) + endpoint("search") + endpoint("rank")},
    )
    found = only()
    assert counts(found.before) == {CHAT: 2, SEARCH: 1}
    assert counts(found.after) == {CHAT: 3, SEARCH: 1, "aws_sagemaker_endpoint.rank": 1}
    assert happened(found) == {
        CHAT: ("update", True),
        SEARCH: ("no-op", False),
        "aws_sagemaker_endpoint.rank": ("create", True),
    }


def test_the_past_is_where_the_change_began(top: Path) -> None:
    commit(top, {"main.tf": PROVIDER + endpoint("chat", 2)})
    git(top, "checkout", "--quiet", "-b", "pr")
    commit(top, {"main.tf": PROVIDER + endpoint("chat", 3)})
    git(top, "checkout", "--quiet", "main")
    commit(top, {"main.tf": PROVIDER + endpoint("chat", 9)})
    git(top, "checkout", "--quiet", "pr")
    assert counts(only(to="main").before) == {CHAT: 2}


def test_a_module_beside_the_root_is_that_of_the_same_commit(change: Changing) -> None:
    root = PROVIDER + 'module "m" {\n  source = "../modules/m"\n}\n'
    change(
        {"infra/main.tf": root, "modules/m/main.tf": endpoint("chat", 1)},
        {"infra/main.tf": root, "modules/m/main.tf": endpoint("chat", 2)},
    )
    found = only("infra")
    assert (counts(found.before), counts(found.after)) == ({f"module.m.{CHAT}": 1}, {f"module.m.{CHAT}": 2})


def test_a_root_that_was_not_there_had_nothing(change: Changing) -> None:
    change(
        {"a/main.tf": PROVIDER + endpoint("chat")},
        {"a/main.tf": PROVIDER + endpoint("chat"), "b/main.tf": PROVIDER + endpoint("search")},
    )
    found = only("b")
    assert found.before == Inventory()
    assert happened(found) == {SEARCH: ("create", True)}


def test_a_root_that_is_gone_is_shown(change: Changing) -> None:
    change(
        {"a/main.tf": PROVIDER + endpoint("chat"), "b/main.tf": PROVIDER + endpoint("search", 2)},
        {"a/main.tf": PROVIDER + endpoint("chat")},
    )
    kept, gone = compared(".")
    assert (kept.path, counts(kept.before)) == ("a", {CHAT: 1})
    assert (gone.path, counts(gone.before), gone.after) == ("b", {SEARCH: 2}, Inventory())
    assert "b is gone: what it had is no longer there after the change" in gone.notices
    (alone,) = compared("a")
    assert alone.path == "a", "what is gone elsewhere is not asked for"


def test_a_root_that_another_calls_from_now_on_is_no_root_of_its_own(change: Changing) -> None:
    """With ``count = 0`` its cost goes, in plain sight."""
    call = 'module "infra" {\n  source = "../infra"\n  count  = 0\n}\n'
    change({"infra/main.tf": PROVIDER + endpoint("chat")}, {"infra/main.tf": endpoint("chat", 9), "new/main.tf": call})
    found = {each.path: each for each in compared(".")}
    assert counts(found["infra"].before) == {CHAT: 1}
    told = "infra is no root module any more: what it had is no longer there after the change"
    assert told in found["infra"].notices


def test_a_renamed_folder_is_the_same_root(change: Changing) -> None:
    chat, search = PROVIDER + endpoint("chat", 2), PROVIDER + endpoint("search")
    change(
        {"services/chat/main.tf": chat, "services/search/main.tf": search},
        {"infra/search/main.tf": search, "infra/talk/main.tf": chat},
    )
    found = {each.path: each for each in compared(".")}
    assert found.keys() == {"infra/talk", "infra/search"}
    assert happened(found["infra/talk"]) == {CHAT: ("no-op", False)}
    assert "infra/talk was services/chat before the change" in found["infra/talk"].notices


def test_a_folder_with_other_contents_is_no_renamed_one(change: Changing) -> None:
    change({"a/main.tf": PROVIDER + endpoint("chat")}, {"b/main.tf": PROVIDER + endpoint("search")})
    new, gone = compared(".")
    assert (new.before, counts(gone.before)) == (Inventory(), {CHAT: 1})


def test_a_folder_is_a_past_too(change: Changing, top: Path, tmp_path: Path) -> None:
    change({}, {"infra/a/main.tf": PROVIDER + endpoint("chat", 3), "infra/b/main.tf": PROVIDER + endpoint("search")})
    old = tmp_path / "old" / "a"
    old.mkdir(parents=True)
    (old / "main.tf").write_text(PROVIDER + endpoint("chat", 2))
    found = {each.path: each for each in compared("infra", to=str(tmp_path / "old"))}
    assert counts(found["infra/a"].before) == {CHAT: 2}
    assert found["infra/b"].before == Inventory()
    with pytest.raises(SourceError, match="is one past, and there are several inputs"):
        compared("infra/a", "infra/b", to=str(tmp_path / "old"))
    with pytest.raises(SourceError, match="files are compared with a git revision"):
        compared(str(top / "infra/a/main.tf"), to=str(tmp_path / "old"))


def test_a_file_stands_for_its_roots_in_the_past_too(change: Changing) -> None:
    root = PROVIDER + 'module "m" {\n  source = "../modules/m"\n}\n'
    change(
        {"infra/main.tf": root, "modules/m/main.tf": endpoint("chat", 1)},
        {"infra/main.tf": root, "modules/m/main.tf": endpoint("chat", 2)},
    )
    found = only("modules/m/main.tf")
    assert (found.path, counts(found.before)) == ("infra", {f"module.m.{CHAT}": 1})


def test_a_module_that_becomes_a_root_is_not_counted_twice_before(change: Changing) -> None:
    """It was billed as part of the root that called it, whose past has it."""
    root = PROVIDER + 'module "m" {\n  source = "./chat"\n}\n'
    change(
        {"main.tf": root, "chat/main.tf": endpoint("chat", 2)},
        {"main.tf": PROVIDER, "chat/main.tf": PROVIDER + endpoint("chat", 2)},
    )
    by_path = {each.path: each for each in compared(".")}
    assert counts(by_path["."].before) == {f"module.m.{CHAT}": 2}
    assert by_path["chat"].before == Inventory()


def test_what_only_a_state_knows_is_said_once(change: Changing) -> None:
    files = {"a/main.tf": PROVIDER + endpoint("chat"), "b/main.tf": PROVIDER + endpoint("search")}
    change(files, files)
    said = [notice for each in compared(".") for notice in each.notices if "only a plan tells" in notice]
    assert len(said) == 1
    assert "of HEAD (" in said[0]


# Which is which ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "address"),
    [
        pytest.param(
            endpoint("chat", 2),
            endpoint("talk", 2).replace('"talk-"', '"chat-"').replace('name                 = "talk"', 'name = "other"')
            + "moved {\n from = aws_sagemaker_endpoint.chat\n to = aws_sagemaker_endpoint.talk\n}\n"
            + "moved {\n from = aws_sagemaker_endpoint_configuration.chat\n"
            + " to = aws_sagemaker_endpoint_configuration.talk\n}\n",
            "aws_sagemaker_endpoint.talk",
            id="moved",
        ),
        pytest.param(endpoint("chat", 2), endpoint("chat", 2, meta="count = 1"), f"{CHAT}[0]", id="count added"),
        pytest.param(endpoint("chat", 2, meta="count = 1"), endpoint("chat", 2), CHAT, id="count taken away"),
        pytest.param(
            endpoint("chat", 2),
            endpoint("talk", 2).replace('"talk-"', '"chat-"').replace('= "talk"', '= "chat"'),
            "aws_sagemaker_endpoint.talk",
            id="unchanged under a new address",
        ),
        pytest.param(
            endpoint("chat", 2),
            endpoint("talk", 3).replace('= "talk"', '= "chat"'),
            "aws_sagemaker_endpoint.talk",
            id="changed, and of the same name",
        ),
    ],
)
def test_the_same_endpoint_is_found_at_its_new_address(change: Changing, before: str, after: str, address: str) -> None:
    change({"main.tf": PROVIDER + before}, {"main.tf": PROVIDER + after})
    found = only()
    assert counts(found.before) == {address: 2}
    assert found.after.endpoints[0].change != "create"
    assert found.moved[address] != (address,)


def test_moved_blocks_are_followed_through_modules_and_chains(change: Changing) -> None:
    old = PROVIDER + 'module "a" {\n  source = "./m"\n}\n'
    new = PROVIDER + 'module "c" {\n  source = "./m"\n}\n'
    new += "moved {\n  from = module.a\n  to = module.b\n}\nmoved {\n  from = module.b\n  to = module.c\n}\n"
    inner = 'moved {\n  from = aws_sagemaker_endpoint.chat\n  to = aws_sagemaker_endpoint.talk["x"]\n}\n'
    talk = endpoint("chat").replace('endpoint" "chat" {', 'endpoint" "talk" {\n  for_each = toset(["x"])')
    change(
        {"main.tf": old, "m/main.tf": endpoint("chat")},
        {"main.tf": new, "m/main.tf": talk + inner},
    )
    found = only()
    address = 'module.c.aws_sagemaker_endpoint.talk["x"]'
    assert counts(found.before) == {address: 1}
    assert f"module.a.{CHAT}" in found.moved[address]
    assert happened(found) == {address: ("no-op", False)}


def test_a_move_to_where_something_stands_is_none(change: Changing) -> None:
    """Terraform leaves both as they are, and warns."""
    moved = "moved {\n  from = aws_sagemaker_endpoint.chat\n  to = aws_sagemaker_endpoint.search\n}\n"
    search = PROVIDER + endpoint("search", 5)
    change({"main.tf": search + endpoint("chat", 2)}, {"main.tf": search + moved})
    found = only()
    assert counts(found.before) == {CHAT: 2, SEARCH: 5}


def test_one_of_several_that_are_alike_is_not_guessed(change: Changing) -> None:
    """Of two gone and one come, all of one reading, nobody can tell which it is."""
    plain = endpoint("a").replace('name                 = "a"\n', "")
    gone = plain + endpoint("b").replace('name                 = "b"\n', "").replace('"b-"', '"a-"')
    come = endpoint("c").replace('name                 = "c"\n', "").replace('"c-"', '"a-"')
    change({"main.tf": PROVIDER + gone}, {"main.tf": PROVIDER + come})
    assert counts(only().before) == {"aws_sagemaker_endpoint.a": 1, "aws_sagemaker_endpoint.b": 1}


# What happens --------------------------------------------------------------------------------------------------------


def test_a_configuration_of_a_fixed_name_does_not_reach_its_endpoint(change: Changing) -> None:
    """As a plan has it: the endpoint goes on naming what it names, and so runs what it ran."""
    change(
        {"main.tf": PROVIDER + endpoint("chat", 2, naming="name")},
        {"main.tf": PROVIDER + endpoint("chat", 3, naming="name")},
    )
    found = only()
    assert found.after.endpoints[0].keeps_previous_configuration
    assert counts(found.after) == {CHAT: 2}


REMOVED = "removed {{\n  from = {}\n  lifecycle {{\n    destroy = {}\n  }}\n}}\n"


@pytest.mark.parametrize(
    ("before", "after", "address"),
    [
        (
            endpoint("chat", 2),
            REMOVED.format(CHAT, "false") + REMOVED.format("aws_sagemaker_endpoint_configuration.chat", "false"),
            CHAT,
        ),
        ('module "a" {\n  source = "./modules/m"\n}\n', REMOVED.format("module.a", "false"), f"module.a.{CHAT}"),
        (
            endpoint("chat", 2),
            REMOVED.format("aws_sagemaker_endpoint.old", "false")
            + REMOVED.format("aws_sagemaker_endpoint_configuration.chat", "false")
            + "moved {\n  from = aws_sagemaker_endpoint.chat\n  to = aws_sagemaker_endpoint.old\n}\n",
            CHAT,
        ),
        (endpoint("chat", 2, meta="lifecycle {\n    destroy = false\n  }").replace("[0]", ""), "", CHAT),
    ],
    ids=["a resource", "a module", "a resource that was moved before", "a resource of OpenTofu's that says so itself"],
)
def test_what_is_let_go_of_is_still_billed(change: Changing, before: str, after: str, address: str) -> None:
    """As a plan with the action ``forget``: no saving, for two ml.m5.large go on running."""
    change({"main.tf": PROVIDER + before, "modules/m/main.tf": endpoint("chat", 2)}, {"main.tf": PROVIDER + after})
    found = only()
    assert counts(found.before) == counts(found.after) == {address: 2}
    assert [each.change for each in found.after.endpoints] == ["forget"]
    assert f"{address} is no longer managed after this change, but still billed" in found.notices


@pytest.mark.parametrize("naming", ["name_prefix", "name"])
@pytest.mark.parametrize("is_gone", [True, False])
def test_what_becomes_of_its_configuration_is_all_the_same_to_what_is_let_go_of(
    change: Changing, *, naming: str, is_gone: bool
) -> None:
    """The endpoint runs two instances on, whether its configuration is destroyed or replaced by one with four."""
    source = PROVIDER + endpoint("chat", 2, naming=naming)
    configuration = source[: source.index('resource "aws_sagemaker_endpoint" "chat"')].replace("= 2", "= 4")
    left = (PROVIDER if is_gone else configuration) + REMOVED.format(CHAT, "false")
    change({"main.tf": source}, {"main.tf": left})
    found = only()
    assert counts(found.before) == counts(found.after) == {CHAT: 2}
    assert happened(found)[CHAT][0] == "forget"


def test_what_is_imported_is_said_to_be_counted_as_new(change: Changing) -> None:
    """It runs already, and source does not say how; one that has been imported before is nothing new."""
    taken = 'import {\n  to = aws_sagemaker_endpoint.chat\n  id = "chat"\n}\n'
    source = PROVIDER + endpoint("chat", 2) + endpoint("search") + taken
    change({"main.tf": PROVIDER}, {"main.tf": source})
    said = f"{CHAT} is imported: what it costs today only a plan tells, so all of it is counted as new"
    found = only()
    assert [each for each in found.notices if "imported" in each] == [said]
    assert (counts(found.before), counts(found.after)) == ({}, {CHAT: 2, SEARCH: 1})
    change({"main.tf": source}, {"main.tf": source})
    assert not [each for each in only().notices if "imported" in each]


@pytest.mark.parametrize("removed", [REMOVED.format(CHAT, "true"), REMOVED.format(SEARCH, "false"), ""])
def test_what_is_destroyed_is_billed_no_more(change: Changing, removed: str) -> None:
    change({"main.tf": PROVIDER + endpoint("chat", 2)}, {"main.tf": PROVIDER + removed})
    found = only()
    assert (counts(found.before), counts(found.after)) == ({CHAT: 2}, {})


def test_an_endpoint_that_ignores_its_configuration_runs_what_it_ran(change: Changing) -> None:
    """Real Terraform leaves the endpoint alone: four instances to two are no saving, as nothing that runs changes."""
    kept = '  name                 = "chat"\n  lifecycle {\n    ignore_changes = [endpoint_config_name]\n  }\n'
    source = PROVIDER + endpoint("chat", 4, naming="name").replace('  name                 = "chat"\n', kept)
    change({"main.tf": source}, {"main.tf": source.replace("chat-", "chat-2-").replace("= 4", "= 2")})
    found = only()
    assert counts(found.before) == counts(found.after) == {CHAT: 4}
    assert happened(found) == {CHAT: ("no-op", False)}


def lifecycle(source: str, block: str, said: str) -> str:
    """A source with a ``lifecycle`` in the only resource of a type."""
    start = f'resource "{block}" "chat" {{\n'
    return source.replace(start, f"{start}  lifecycle {{\n    {said}\n  }}\n")


@pytest.mark.parametrize("ignored", ["[production_variants]", "[production_variants[0].initial_instance_count]"])
@pytest.mark.parametrize(("renamed", "count"), [("chat-", 2), ("chat-2-", 4)])
def test_a_configuration_that_is_replaced_ignores_nothing(
    change: Changing, ignored: str, renamed: str, count: int
) -> None:
    """Terraform plans a replacement without its past, as plans of Terraform 1.11 have it."""
    source = PROVIDER + endpoint("chat", 2, naming="name")
    source = lifecycle(source, "aws_sagemaker_endpoint_configuration", f"ignore_changes = {ignored}")
    change({"main.tf": source}, {"main.tf": source.replace('"chat-"', f'"{renamed}"').replace("= 2", "= 4")})
    found = only()
    assert counts(found.before) == {CHAT: 2}
    assert counts(found.after) == {CHAT: count}
    assert not found.after.endpoints[0].keeps_previous_configuration
    assert happened(found) == {CHAT: ("update", True) if count == 4 else ("no-op", False)}


def test_an_index_of_five_thousand_digits_leaves_nothing_alone(change: Changing) -> None:
    """No list has so many items. A configuration that is replaced under the name in use changes nothing that runs."""
    source = PROVIDER + endpoint("chat", 2, naming="name")
    ignored = f'ignore_changes = ["production_variants[{"9" * 5_000}].initial_instance_count"]'
    source = lifecycle(source, "aws_sagemaker_endpoint_configuration", ignored)
    change({"main.tf": source}, {"main.tf": source.replace("= 2", "= 4")})
    found = only()
    assert counts(found.after) == {CHAT: 2}
    assert found.after.endpoints[0].keeps_previous_configuration


@pytest.mark.parametrize(
    ("trigger", "count"),
    [
        ("aws_sagemaker_endpoint_configuration.chat", 4),
        ("aws_sagemaker_endpoint_configuration.chat.id", 4),
        ("aws_sagemaker_endpoint_configuration.chat.arn", 4),
        ("aws_sagemaker_endpoint_configuration.chat.production_variants[0].initial_instance_count", 4),
        ("aws_sagemaker_endpoint_configuration.chat.name", 2),
        ("aws_sagemaker_endpoint_configuration.other", 2),
        ("terraform_data.revision", 4),
        ("terraform_data.other", 2),
        ("terraform_data.nowhere", 2),
        ("aws_sagemaker_model.nowhere[0].id", 2),
        ("terraform_data.revision[*].output, var.n, null, data.aws_region.r.name", 2),
    ],
)
@pytest.mark.parametrize("ignored", ["", "ignore_changes = all\n    "])
def test_an_endpoint_that_is_replaced_with_another_resource_runs_what_is_new(
    change: Changing, trigger: str, count: int, ignored: str
) -> None:
    """``replace_triggered_by`` of what changes makes the endpoint anew, with four instances under its fixed name."""
    data = 'variable "n" {{\n  default = {}\n}}\nresource "terraform_data" "{}" {{\n  input = {}\n}}\n'
    source = PROVIDER + endpoint("chat", 2, naming="name") + endpoint("other", 1, naming="name")
    source = lifecycle(source, "aws_sagemaker_endpoint", f"{ignored}replace_triggered_by = [{trigger}]")
    source += data.format(1, "revision", "var.n") + data.format(1, "other", 7).partition("}\n")[2]
    change({"main.tf": source}, {"main.tf": source.replace("= 2", "= 4").replace("default = 1", "default = 3")})
    found = only()
    assert counts(found.before)[CHAT] == 2
    assert counts(found.after)[CHAT] == count
    assert happened(found)[CHAT][0] == ("no-op" if count == 2 else "replace")


@pytest.mark.parametrize(
    ("ignored", "region"), [("[region]", "eu-west-1"), ("all", "eu-west-1"), ("[tags]", "us-west-2")]
)
@pytest.mark.parametrize("written", ['region = "us-west-2"', ""])
def test_a_region_that_is_ignored_stays_as_it_was(change: Changing, ignored: str, region: str, written: str) -> None:
    """It is an argument of every resource from version 6 of hashicorp/aws on, which makes a resource anew."""
    said = f'region = "eu-west-1"\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}'
    provider = 'provider "aws" {\n  region = "us-west-2"\n}\n'
    source = provider + endpoint("chat", naming="name", meta=said)
    change({"main.tf": source}, {"main.tf": source.replace('region = "eu-west-1"', written)})
    found = only()
    assert found.before is not None
    assert [each.region for each in (*found.before.endpoints, *found.after.endpoints)] == ["eu-west-1", region]


@pytest.mark.parametrize(("ignored", "bounds"), [("[max_capacity]", (2, 3)), ("all", (1, 3)), ("[tags]", (2, 9))])
def test_bounds_that_are_ignored_stay_as_they_were(change: Changing, ignored: str, bounds: tuple[int, int]) -> None:
    source = PROVIDER + endpoint("chat") + target(3, f"lifecycle {{\n    ignore_changes = {ignored}\n  }}")
    change({"main.tf": source}, {"main.tf": source.replace("y       = 1", "y       = 2").replace("= 3", "= 9")})
    scaling = scaled(only().after)
    assert (scaling.min_capacity, scaling.max_capacity) == bounds


def test_what_is_kept_of_a_sensitive_value_is_sensitive(change: Changing) -> None:
    """The bound that stays was secret, whatever stands in its place now."""
    most = 'variable "most" {\n  type      = number\n  default   = 7\n  sensitive = true\n}\n'
    kept = "lifecycle {\n    ignore_changes = [max_capacity]\n  }"
    source = PROVIDER + most + endpoint("chat") + target("var.most", kept)
    change({"main.tf": source}, {"main.tf": source.replace("var.most", "4")})
    found = only()
    sides = [scaled(side) for side in (found.before, found.after)]
    assert [(each.max_capacity, each.sensitive) for each in sides] == [(7, True), (7, True)]


def test_a_target_that_is_new_touches_its_endpoint(change: Changing) -> None:
    change({"main.tf": PROVIDER + endpoint("chat")}, {"main.tf": PROVIDER + endpoint("chat") + target(3)})
    assert happened(only()) == {CHAT: ("no-op", True)}


def test_other_values_are_another_past(change: Changing) -> None:
    source = PROVIDER + 'variable "n" {}\n' + endpoint("chat", "var.n")
    change(
        {"main.tf": source, "prod.tfvars": "n = 1\n", "terraform.tfvars": "n = 7\n"},
        {"main.tf": source, "prod.tfvars": "n = 3\n", "terraform.tfvars": "n = 8\n"},
    )
    found = only(assignments=("@prod.tfvars",))
    assert (counts(found.before), counts(found.after)) == ({CHAT: 1}, {CHAT: 3})
    found = only()
    assert (counts(found.before), counts(found.after)) == ({CHAT: 7}, {CHAT: 8})


def test_values_of_a_flag_are_for_both_sides_as_far_as_they_go(change: Changing) -> None:
    change(
        {"main.tf": PROVIDER + endpoint("chat", 2)},
        {"main.tf": PROVIDER + 'variable "n" {}\n' + endpoint("chat", "var.n")},
    )
    found = only(assignments=("n=4",))
    assert (counts(found.before), counts(found.after)) == ({CHAT: 2}, {CHAT: 4})


def test_a_file_of_values_of_another_place_is_of_no_time(change: Changing, tmp_path: Path) -> None:
    """It lies outside of the repository, and a flag names it."""
    source = PROVIDER + 'variable "n" {}\n' + endpoint("chat", "var.n")
    change({"main.tf": source}, {"main.tf": source})
    (tmp_path / "prod.tfvars").write_text("n = 4\n")
    found = only(assignments=("@../prod.tfvars",))
    assert (counts(found.before), counts(found.after)) == ({CHAT: 4}, {CHAT: 4})


def test_a_file_of_values_that_is_new_has_made_nothing_before(change: Changing) -> None:
    source = PROVIDER + 'variable "n" {}\n' + endpoint("chat", "var.n")
    change(
        {"main.tf": source, "dev.tfvars": "n = 1\n"},
        {"main.tf": source, "dev.tfvars": "n = 1\n", "prod.tfvars": "n = 3\n"},
    )
    dev, prod = compared(assignments=("@dev=dev.tfvars", "@prod=prod.tfvars"))
    assert (counts(dev.before), prod.before) == ({CHAT: 1}, Inventory())


def test_values_that_git_ignores_are_of_no_time(change: Changing, top: Path) -> None:
    """They are on this machine only, and count for what stood before as they do for what will."""
    source = PROVIDER + 'variable "n" {}\n' + endpoint("chat", "var.n")
    files = {"main.tf": source, ".gitignore": "*.tfvars\n"}
    change(files, files)
    (top / "terraform.tfvars").write_text("n = 3\n")
    (top / "prod.tfvars").write_text("n = 5\n")
    assert (counts(only().before), counts(only().after)) == ({CHAT: 3}, {CHAT: 3})
    found = only(assignments=("@prod.tfvars",))
    assert (counts(found.before), counts(found.after)) == ({CHAT: 5}, {CHAT: 5})


@pytest.mark.parametrize(
    ("before", "after"),
    [("var.n", "var.n * 2"), ("local.n", "local.n"), ("module.sizes.n", "module.sizes.n")],
    ids=["the argument", "a local value behind it", "an output behind it"],
)
def test_an_unknown_number_that_is_written_otherwise_cancels_nothing(change: Changing, before: str, after: str) -> None:
    """Unknown before and unknown after, for one reason, and yet not the same: 0.00 would be an invention."""
    rest = (
        PROVIDER + 'variable "n" {}\nmodule "sizes" {\n  source = "./sizes"\n  n = var.n\n}\nlocals {\n  n = VALUE\n}\n'
    )
    module = 'variable "n" {}\noutput "n" {\n  value = VALUE\n}\n'
    change(
        {
            "main.tf": rest.replace("VALUE", "var.n") + endpoint("chat", before),
            "sizes/main.tf": module.replace("VALUE", "var.n"),
        },
        {
            "main.tf": rest.replace("VALUE", "var.n * 2") + endpoint("chat", after),
            "sizes/main.tf": module.replace("VALUE", "var.n * 2"),
        },
    )
    found = only()
    old, new = counts(found.before)[CHAT], counts(found.after)[CHAT]
    assert isinstance(old, Unknown)
    assert isinstance(new, Unknown)
    assert old.reason != new.reason
    assert happened(found)[CHAT][1], "and what it says of it is a finding of this change"


def test_an_unknown_number_that_is_written_alike_is_the_same(change: Changing) -> None:
    """Whatever else changes in its file: blanks, another endpoint, another variable."""
    source = PROVIDER + 'variable "n" {}\n' + endpoint("chat", "var.n")
    change(
        {"main.tf": source},
        {"main.tf": source.replace("  variant_name  ", "\tvariant_name") + 'variable "m" {}\n' + endpoint("search")},
    )
    found = only()
    assert counts(found.before)[CHAT] == counts(found.after)[CHAT]
    assert happened(found)[CHAT] == ("no-op", False)


def test_what_is_undecided_is_decided_alike_on_both_sides(change: Changing) -> None:
    text = PROVIDER + 'variable "big" { type = bool }\n'
    change(
        {"main.tf": text + endpoint("chat", "var.big ? 4 : 1")},
        {"main.tf": text + endpoint("chat", "var.big ? 5 : 1")},
    )
    worlds = {each.given: (counts(each.before), counts(each.after)) for each in only().possibilities}
    assert worlds == {
        "var.big = true": ({CHAT: 4}, {CHAT: 5}),
        "var.big = false": ({CHAT: 1}, {CHAT: 1}),
    }


def test_a_module_that_init_has_fetched_stands_for_the_past_where_it_was_called_alike(
    change: Changing, top: Path
) -> None:
    call = PROVIDER + 'module "m" {\n  source  = "acme/chat/aws"\n  version = "VERSION"\n}\n'
    change(
        {"main.tf": call.replace("VERSION", "1.0.0"), ".gitignore": ".terraform\n"},
        {"main.tf": call.replace("VERSION", "1.0.0"), ".gitignore": ".terraform\n"},
    )
    fetched = top / ".terraform" / "modules" / "m"
    fetched.mkdir(parents=True)
    (fetched / "main.tf").write_text(endpoint("chat"))
    (fetched.parent / "modules.json").write_text('{"Modules": [{"Key": "m", "Dir": ".terraform/modules/m"}]}')
    assert counts(only().before) == {f"module.m.{CHAT}": 1}
    (top / "main.tf").write_text(call.replace("VERSION", "2.0.0"))
    found = only()
    assert found.before == Inventory()
    assert [each.address for each in found.skipped] == ["module.m"], "so that nobody takes it for new"


# What cannot be told -------------------------------------------------------------------------------------------------


def test_a_past_that_did_not_parse_is_not_known_and_holds_nothing_up(change: Changing) -> None:
    """Else the change that mends it could not be checked."""
    change({"main.tf": 'resource "a" {'}, {"main.tf": PROVIDER + endpoint("chat")})
    found = only()
    assert found.before is None
    assert any("what stood before is not known: main.tf:1" in each for each in found.notices)


def test_a_root_in_a_submodule_has_no_past_here(top: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    commit(library, {"main.tf": PROVIDER + endpoint("chat")})
    git(top, "submodule", "--quiet", "add", str(library), "library")
    commit(top, {"infra/main.tf": PROVIDER + endpoint("search")})
    found = {each.path: each for each in compared(".")}
    assert counts(found["infra"].before) == {SEARCH: 1}
    assert found["library"].before is None
    assert any("in a submodule" in each for each in found["library"].notices)


def test_a_submodule_that_is_checked_by_itself_from_above_has_no_past_here_either(top: Path, tmp_path: Path) -> None:
    """Nothing else is read of the past then, and nothing stood before would be an invented 0."""
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    commit(library, {"main.tf": PROVIDER + endpoint("chat")})
    git(top, "submodule", "--quiet", "add", str(library), "library")
    commit(top, {"readme": ""})
    for path in ("library", "library/main.tf"):
        found = only(path)
        assert found.before is None, path
        assert any("library was in a submodule in HEAD" in each for each in found.notices), path


def test_a_module_in_a_submodule_is_missing_in_the_past(top: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    commit(library, {"main.tf": endpoint("chat")})
    git(top, "submodule", "--quiet", "add", str(library), "library")
    commit(top, {"infra/main.tf": PROVIDER + 'module "m" {\n  source = "../library"\n}\n'})
    found = only("infra")
    assert counts(found.after) == {f"module.m.{CHAT}": 1}
    assert [each.address for each in found.skipped] == ["module.m"]
    assert "was in a submodule in HEAD" in str(found.skipped[0].reason)


def test_a_clone_without_old_files_is_an_error(top: Path) -> None:
    commit(top, {"main.tf": PROVIDER + endpoint("chat", 2)})
    commit(top, {"main.tf": PROVIDER + endpoint("chat", 3)})
    git(top, "config", "uploadpack.allowFilter", "true")
    folder = clone(top, "blobless", "--filter=blob:none")
    os.chdir(folder)
    with pytest.raises(GitError, match=r"main\.tf of HEAD~1 is not in this repository"):
        compared(to="HEAD~1")


def link(top: Path, target: str) -> None:
    (top / "a/main.tf").symlink_to(target)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda top: link(top, "nowhere.tf"), "a/main.tf was a link that leads nowhere in HEAD"),
        (lambda top: link(top, "main.tf"), "a/main.tf leads out of its repository"),
        (lambda top: link(top, "/etc/hostname"), "a/main.tf leads out of its repository"),
        (lambda top: (top / "a/main.tf").write_bytes(b"#" * 4_001), "a file of the past has 4,001 bytes"),
        (lambda top: (top / "a/main.tf").write_bytes(b"\xe9"), "a/main.tf:1:1: it is not UTF-8"),
        (
            lambda top: (top / "a/main.tf").write_text("version https://git-lfs.github.com/spec/v1\nsize 1\n"),
            "a/main.tf was in git LFS in HEAD",
        ),
    ],
    ids=["link to nowhere", "link to itself", "link that leads out", "large", "not UTF-8", "LFS"],
)
def test_a_past_that_cannot_be_read_is_not_known_and_holds_nothing_up(
    top: Path, monkeypatch: pytest.MonkeyPatch, broken: Callable[[Path], object], said: str
) -> None:
    """Else the change that mends it could not be checked; what else there is has its past all the same."""
    monkeypatch.setattr(limits, "LARGEST_FILE", 4_000)
    (top / "a").mkdir()
    broken(top)
    commit(top, {"b/main.tf": PROVIDER + endpoint("search")})
    (top / "a/main.tf").unlink()
    (top / "a/main.tf").write_text(PROVIDER + endpoint("chat"))
    mended, other = compared()
    assert (mended.before, counts(mended.after)) == (None, {CHAT: 1})
    assert [each for each in mended.notices if f"what stood before is not known: {said}" in each]
    assert (counts(other.before), other.path) == ({SEARCH: 1}, "b")
    (top / "a/main.tf").unlink()
    gone = next(each for each in compared() if each.path == "a")
    assert (gone.before, gone.after) == (None, Inventory())
    assert [each for each in gone.notices if f"what it had is not known: {said}" in each]


def test_links_are_those_of_the_commit(top: Path) -> None:
    (top / "infra").mkdir()
    (top / "infra" / "main.tf").symlink_to("../shared.tf")
    (top / "infra" / "loop").symlink_to(".")
    commit(top, {"shared.tf": PROVIDER + endpoint("chat", 2), "other.txt": PROVIDER + endpoint("chat", 9)})
    (top / "infra" / "main.tf").unlink()
    (top / "infra" / "main.tf").symlink_to("../other.txt")
    found = only("infra")
    assert (counts(found.before), counts(found.after)) == ({CHAT: 2}, {CHAT: 9})


def test_a_past_link_that_led_out_is_not_followed(change: Changing, top: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.tf").write_text(endpoint("secret", 9))
    (top / "secret.tf").symlink_to(tmp_path / "secret.tf")
    change({"main.tf": PROVIDER + endpoint("chat")}, {"main.tf": PROVIDER + endpoint("chat")})
    (top / "secret.tf").unlink()
    found = only()
    assert found.before is None
    assert any("secret.tf leads out of its repository" in each for each in found.notices)


def test_a_new_file_of_a_new_module_has_the_past_of_the_root_that_calls_it(change: Changing) -> None:
    """As a hook hands it over, when a resource has moved into a module."""
    moved = f"moved {{\n  from = {CHAT}\n  to   = module.m.{CHAT}\n}}\n"
    change(
        {"infra/main.tf": PROVIDER + endpoint("chat", 2)},
        {
            "infra/main.tf": PROVIDER + 'module "m" {\n  source = "./m"\n}\n' + moved,
            "infra/m/main.tf": endpoint("chat", 2),
        },
    )
    found = only("infra/m/main.tf")
    assert counts(found.before) == {f"module.m.{CHAT}": 2}
    assert happened(found) == {f"module.m.{CHAT}": ("no-op", False)}


def test_a_module_that_a_unit_of_terragrunt_calls_was_no_root_module_either(change: Changing) -> None:
    unit = 'terraform {{\n  source = "../endpoint"\n}}\ninputs = {{\n  n = {}\n}}\n'
    module = PROVIDER + 'variable "n" {\n}\n' + endpoint("chat", "var.n")
    change(
        {"endpoint/main.tf": module, "live/terragrunt.hcl": unit.format(2)},
        {"endpoint/main.tf": module, "live/terragrunt.hcl": unit.format(3)},
    )
    assert [each.path for each in compared()] == ["live"]  # and no endpoint that is gone


def test_a_root_that_was_renamed_has_its_past_when_it_alone_is_asked_for(change: Changing) -> None:
    """As a hook hands over the files of a commit that renames a folder: those that are there."""
    source = PROVIDER + endpoint("chat", 2) + endpoint("search")
    change({"infra/main.tf": source, "other/main.tf": source}, {"platform/main.tf": source, "other/main.tf": source})
    for path in "platform/main.tf", "platform":
        found = only(path)
        assert counts(found.before) == {CHAT: 2, SEARCH: 1}, path
        assert not any(touched for _, touched in happened(found).values()), path
        assert "platform was infra before the change" in found.notices, path


def test_a_root_that_is_new_beside_one_that_is_there_has_no_past(change: Changing) -> None:
    source = PROVIDER + endpoint("chat", 2)
    change({"infra/main.tf": source}, {"infra/main.tf": source, "platform/main.tf": source})
    assert counts(only("platform/main.tf").before) == {}
