"""The source beside a plan: which directory it is taken from, and what there is to say where it cannot be read."""

import json
from pathlib import Path

import pytest

from guardrail.model import ChangeSet, Location
from guardrail.sources import plan
from tests.sources.hcl.conftest import Write
from tests.sources.plans import CONFIGURATION, ENDPOINT, change, configuration, endpoint
from tests.sources.plans import plan as plan_of

SOURCE = """\
resource "aws_sagemaker_endpoint" "e" {
  name = "app"
}
"""
PLAN = json.dumps(plan_of(change(ENDPOINT, endpoint()), change(CONFIGURATION, configuration())))


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files into a repository whose top is the working directory from then on."""

    def write_(files: dict[str, str]) -> Path:
        top = tmp_path / "repository"
        (top / ".git").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)
        monkeypatch.chdir(top)
        return top

    return write_


def place(found: ChangeSet) -> Location | None:
    return found.after.endpoints[0].location


def test_the_source_beside_a_plan_is_taken_wherever_the_check_runs(write: Write) -> None:
    write({"infra/plan.json": PLAN, "infra/main.tf": SOURCE})
    assert place(plan.read("infra/plan.json")) == Location("infra/main.tf", 1, 1)


def test_a_plan_elsewhere_has_its_source_in_the_working_directory(write: Write) -> None:
    write({"out/plan.json": PLAN, "main.tf": SOURCE})
    assert place(plan.read("out/plan.json")) == Location("main.tf", 1, 1)


def test_what_lies_beside_the_plan_comes_before_the_working_directory(write: Write) -> None:
    write({"infra/plan.json": PLAN, "infra/main.tf": f"\n{SOURCE}", "main.tf": SOURCE})
    assert place(plan.read("infra/plan.json")) == Location("infra/main.tf", 2, 1)


def test_source_that_makes_other_resources_is_not_that_of_the_plan(write: Write) -> None:
    write({"infra/plan.json": PLAN, "infra/main.tf": SOURCE.replace('"e"', '"other"'), "main.tf": SOURCE})
    assert place(plan.read("infra/plan.json")) == Location("main.tf", 1, 1)


def test_a_plan_without_source_has_no_lines_and_says_nothing_of_that(write: Write) -> None:
    write({"infra/plan.json": PLAN})
    found = plan.read("infra/plan.json")
    assert (place(found), found.notices) == (None, ())


def test_a_file_that_cannot_be_read_is_said_once(write: Write) -> None:
    write({"infra/plan.json": PLAN, "infra/main.tf": SOURCE, "infra/b.tf": "a {", "infra/c.tf": "a {"})
    found = plan.read("infra/plan.json")
    assert place(found) == Location("infra/main.tf", 1, 1)
    (notice,) = found.notices
    assert notice == "findings of infra/plan.json may lack their lines: infra/b.tf:1:3: '{' is not closed and 1 more"


def test_so_is_one_that_may_hold_all_of_it(write: Write) -> None:
    write({"infra/plan.json": PLAN, "infra/main.tf": f"{SOURCE}}}"})
    found = plan.read("infra/plan.json")
    assert place(found) is None
    assert found.notices == ("findings of infra/plan.json may lack their lines: infra/main.tf:4:1: '}' closes nothing",)


def test_a_file_of_the_working_directory_that_cannot_be_read_is_not_said_of_a_plan_elsewhere(write: Write) -> None:
    write({"infra/plan.json": PLAN, "main.tf": "a {"})
    assert plan.read("infra/plan.json").notices == ()


def test_a_directory_that_a_flag_names_and_that_has_none_of_the_blocks_is_said(write: Write) -> None:
    write({"infra/plan.json": PLAN, "infra/main.tf": SOURCE, "other/main.tf": ""})
    found = plan.read("infra/plan.json", source="other")
    assert place(found) is None
    assert found.notices == (
        "findings of infra/plan.json have no lines: none of its blocks is written in --source other",
    )


def test_a_link_out_of_the_repository_is_not_followed(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret.tf").write_text(SOURCE)
    top = write({"infra/plan.json": PLAN})
    (top / "infra/main.tf").symlink_to(tmp_path / "secret.tf")
    found = plan.read("infra/plan.json")
    assert place(found) is None
    (notice,) = found.notices
    assert "infra/main.tf leads out of its repository, and is not read" in notice


def test_nor_is_a_folder_that_leads_out_of_it(write: Write, tmp_path: Path) -> None:
    """The plan can be read, because somebody names it; what lies beside it is not taken unasked."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "plan.json").write_text(PLAN)
    (tmp_path / "elsewhere" / "main.tf").write_text(SOURCE)
    top = write({})
    (top / "infra").symlink_to(tmp_path / "elsewhere")
    found = plan.read("infra/plan.json")
    assert (place(found), found.notices) == (None, ())
