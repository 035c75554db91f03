"""Units of Terragrunt: read where the file says all there is to know, and else named as not read."""

import pytest

from guardrail.model import ChangeSet
from guardrail.sources import hcl
from tests.sources.hcl.conftest import Write
from tests.sources.hcl.test_value_sets import SOURCE, counts

UNIT = 'terraform {\n  source = "../../modules//chat"\n}\ninputs = {\n  n = 4\n  other = { a = [1, -2] }\n}\n'


def read(write: Write, unit: str, **files: str) -> list[ChangeSet]:
    others = {name.replace("__", "/") + ".tf": text for name, text in files.items()}
    write({"modules/chat/main.tf": SOURCE, "live/app/terragrunt.hcl": unit, **others})
    return list(hcl.read(["."]))


@pytest.mark.parametrize("more", ["", "locals {\n  x = 1\n}\n", 'remote_state {\n  backend = "s3"\n}\n'])
def test_a_unit_that_says_everything_is_a_root_module(write: Write, more: str) -> None:
    found = read(write, UNIT + more)
    assert counts(found) == {"live/app": 4}
    assert found[0].skipped == ()


def test_two_units_of_one_module_are_two(write: Write) -> None:
    write({"live/other/terragrunt.hcl": UNIT.replace("4", "5")})
    assert counts(read(write, UNIT)) == {"live/app": 4, "live/other": 5}


def test_a_module_that_a_unit_calls_is_no_root_module_of_its_own(write: Write) -> None:
    unit = UNIT.replace("../../modules//chat", "../../chat")
    assert counts(read(write, unit, chat__main=SOURCE)) == {"live/app": 4, "modules/chat": 9}


def test_files_of_values_win_over_inputs(write: Write) -> None:
    write({"modules/chat/terraform.tfvars": "n = 7\n"})
    assert counts(read(write, UNIT)) == {"live/app": 7}


@pytest.mark.parametrize(
    "unit",
    [
        UNIT + 'include "root" {\n  path = find_in_parent_folders()\n}\n',
        UNIT + 'dependency "x" {\n  config_path = "../x"\n}\n',
        UNIT.replace("n = 4", "n = local.n"),
        UNIT.replace("n = 4", 'n = get_env("N")'),
        UNIT.replace("../../modules//chat", "git::https://example.org/chat"),
        UNIT.replace("../../modules//chat", "../../nowhere"),
        UNIT.replace("../../modules//chat", "../../../outside"),
        UNIT.replace('chat"\n', 'chat"\n  extra_arguments "x" {\n    commands = ["plan"]\n  }\n'),
        UNIT + "skip = true\n",
        UNIT + 'generate "more" {\n  path     = "more.tf"\n  contents = "resource a b {}"\n}\n',
    ],
)
def test_a_unit_that_only_terragrunt_can_tell_is_named(write: Write, unit: str) -> None:
    *_, skipped = read(write, unit)
    assert [each.address for each in skipped.skipped] == ["live/app/terragrunt.hcl"]
    assert any("1 Terragrunt stack is not read" in each for each in skipped.notices)
