"""The environments of a root module: which files of values make each, and which of them win."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, InstanceVariant, Unknown
from guardrail.sources import hcl
from guardrail.sources.options import SourceOptions
from tests.sources.hcl.conftest import PROVIDER, Write

SOURCE = (
    PROVIDER
    + """
variable "n" { default = 9 }
resource "aws_sagemaker_endpoint_configuration" "chat" {
  production_variants {
    variant_name           = "main"
    instance_type          = "ml.m5.large"
    initial_instance_count = var.n
  }
}
resource "aws_sagemaker_endpoint" "chat" {
  endpoint_config_name = aws_sagemaker_endpoint_configuration.chat.name
}
"""
)


def read(
    *paths: str, sets: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None, flags: tuple[str, ...] = ()
) -> list[ChangeSet]:
    absolute = {str(Path(root).resolve()): environments for root, environments in (sets or {}).items()}
    return list(hcl.read(paths, SourceOptions(sets=absolute, assignments=flags)))


def counts(change_sets: list[ChangeSet]) -> dict[str, object]:
    """The instances of the only endpoint under each root module and label."""
    found: dict[str, object] = {}
    for each in change_sets:
        (endpoint,) = each.after.endpoints
        assert not isinstance(endpoint.variants, Unknown)
        (variant,) = endpoint.variants
        assert isinstance(variant, InstanceVariant)
        found[f"{each.path} ({each.label})" if each.label else each.path] = variant.initial_instance_count
    return found


def test_files_of_a_set_win_over_what_terraform_loads_and_lose_to_flags(write: Write) -> None:
    write(
        {
            "infra/main.tf": SOURCE,
            "infra/terraform.tfvars": "n = 1\n",
            "infra/a.auto.tfvars": "n = 2\n",
            "infra/common.tfvars": "n = 3\n",
            "infra/prod.tfvars": "n = 4\n",
            "infra/empty.tfvars": "other = 1\n",
        }
    )
    sets = {
        "infra": {
            "dev": ("infra/empty.tfvars",),
            "odd": ("infra/prod.tfvars", "infra/common.tfvars"),
            "prod": ("infra/common.tfvars", "infra/prod.tfvars"),
        }
    }
    assert counts(read("infra", sets=sets)) == {"infra (dev)": 2, "infra (odd)": 3, "infra (prod)": 4}
    assert counts(read("infra", sets=sets, flags=("n=5",))) == {"infra (dev)": 5, "infra (odd)": 5, "infra (prod)": 5}
    assert counts(read("infra", sets=sets, flags=("@x=infra/common.tfvars",))) == {"infra (x)": 3}, "flags replace sets"


def test_every_endpoint_of_a_set_carries_its_label(write: Write) -> None:
    write({"infra/main.tf": SOURCE, "infra/prod.tfvars": "n = 4\n"})
    (one,) = read("infra", sets={"infra": {"prod": ("infra/prod.tfvars",)}})
    assert [each.environment_label for each in one.after.endpoints] == ["prod"]


def test_files_among_the_inputs_are_sets_of_their_root(write: Write) -> None:
    write({"infra/main.tf": SOURCE, "infra/env/dev.tfvars": "n = 1\n", "infra/env/prod.tfvars": "n = 2\n"})
    assert counts(read("infra/env/prod.tfvars")) == {"infra (prod)": 2}
    both = {"infra (dev)": 1, "infra (prod)": 2}
    assert counts(read("infra/env/dev.tfvars", "infra/env/prod.tfvars", "infra/main.tf")) == both
    assert counts(read("infra", "infra/env/dev.tfvars", "infra/env/prod.tfvars")) == both


def test_a_file_that_terraform_loads_is_no_set(write: Write) -> None:
    write(
        {"main.tf": SOURCE, "dev.auto.tfvars": "n = 1\n", "prod.auto.tfvars": "n = 2\n", "terraform.tfvars": "n = 3\n"}
    )
    for paths in (["."], ["dev.auto.tfvars"], ["terraform.tfvars"]):
        (one,) = read(*paths)
        assert counts([one]) == {".": 2}
        assert one.notices == (), "and there is nothing to name"


def test_two_files_of_one_name_have_two_labels(write: Write) -> None:
    write(
        {"main.tf": SOURCE, "stg/prod.tfvars": "n = 1\n", "qa/prod.tfvars": "n = 2\n", "x/prod.tfvars.json": '{"n": 3}'}
    )
    found = counts(read("stg/prod.tfvars", "qa/prod.tfvars", "x/prod.tfvars.json"))
    assert found == {". (stg/prod)": 1, ". (qa/prod)": 2, ". (x/prod)": 3}


def test_a_folder_says_what_values_are_for_that_are_called_as_terraform_loads_them(write: Write) -> None:
    """``terraform plan -var-file env/prod/terraform.tfvars``, as many layouts have it: prod, and no terraform."""
    write(
        {
            "main.tf": SOURCE,
            "env/prod/terraform.tfvars": "n = 1\n",
            "env/dev/terraform.tfvars.json": '{"n": 2}',
            "env/dev.tfvars": "n = 3\n",
        }
    )
    assert counts(read("env/prod/terraform.tfvars")) == {". (prod)": 1}
    found = counts(read("env/dev/terraform.tfvars.json", "env/dev.tfvars"))
    assert found == {". (env/dev/terraform)": 2, ". (env/dev)": 3}


def test_files_beside_those_that_are_given_are_named_where_the_source_is_given_too(write: Write) -> None:
    """A commit that touches ``main.tf`` and ``env/dev.tfvars`` changes prod as well, which is not checked."""
    write({"main.tf": SOURCE, "env/dev.tfvars": "n = 1\n", "env/prod.tfvars": "n = 2\n"})
    (both,) = read("main.tf", "env/dev.tfvars")
    assert [each.split(" is not read")[0] for each in both.notices] == ["env/prod.tfvars"]
    (values,) = read("env/dev.tfvars")
    assert values.notices == (), "nothing has changed for prod"


def test_a_file_of_a_configured_set_stands_for_that_set(write: Write) -> None:
    write(
        {
            "main.tf": SOURCE,
            "common.tfvars": "n = 1\n",
            "env/prod.tfvars": "m = 2\n",
            "env/new.tfvars": "n = 7\n",
            "dev.tfvars": "",
        }
    )
    sets = {".": {"dev": ("common.tfvars", "dev.tfvars"), "prod": ("common.tfvars", "env/prod.tfvars")}}
    assert counts(read("env/prod.tfvars", sets=sets)) == {". (prod)": 1}
    assert counts(read("common.tfvars", sets=sets)) == {". (dev)": 1, ". (prod)": 1}
    assert counts(read("env/new.tfvars", sets=sets)) == {". (new)": 7}
    assert counts(read("env/new.tfvars", "main.tf", sets=sets)) == {". (dev)": 1, ". (prod)": 1, ". (new)": 7}


def test_settings_say_whose_a_file_in_a_folder_of_its_own_is(write: Write) -> None:
    write({"infra/main.tf": SOURCE, "values/prod.tfvars": "n = 4\n"})
    assert counts(read("values/prod.tfvars", sets={"infra": {"prod": ("values/prod.tfvars",)}})) == {"infra (prod)": 4}
    with pytest.raises(SourceError, match="belongs to no root module"):
        read("values/prod.tfvars")


def test_files_that_lie_there_unread_are_named(write: Write) -> None:
    write(
        {
            "infra/main.tf": SOURCE,
            "infra/dev.tfvars": "n = 1\n",
            "infra/prod.tfvars": "n = 2\n",
            "infra/terraform.tfvars": "",
        }
    )
    (one,) = read("infra")
    assert " ".join(one.notices) == (
        "dev.tfvars and prod.tfvars are not read: `roots: {infra: {dev: dev.tfvars, prod: prod.tfvars}}` in "
        ".guardrail.yml, or --var-file dev=infra/dev.tfvars, makes environments"
    )
    for sets, flags in (({"infra": {"prod": ("infra/prod.tfvars",)}}, ()), ({}, ("@infra/dev.tfvars",))):
        assert all(each.notices == () for each in read("infra", sets=sets, flags=flags))


def test_a_set_that_is_not_there_is_an_error(write: Write) -> None:
    write({"infra/main.tf": SOURCE})
    with pytest.raises(SourceError, match=r"infra/gone\.tfvars cannot be read: no such file"):
        read("infra", sets={"infra": {"prod": ("infra/gone.tfvars",)}})


@pytest.mark.parametrize("how", ["settings", "input"])
def test_a_set_that_a_change_has_made_a_link_out_of_the_repository_is_not_read(
    write: Write, tmp_path: Path, how: str
) -> None:
    (tmp_path / "secret.tfvars").write_text("n = 4\n")
    top = write({"repo/main.tf": SOURCE, "repo/.git/HEAD": ""}) / "repo"
    (top / "prod.tfvars").symlink_to("../secret.tfvars")
    paths, sets = ("repo", {"repo": {"prod": ("repo/prod.tfvars",)}}) if how == "settings" else ("repo/prod.tfvars", {})
    with pytest.raises(SourceError, match="leads out of its repository"):
        read(paths, sets=sets)
