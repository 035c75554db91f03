"""CDK outputs: what the CDK wrote for app.js beside this file, and outputs that lack something."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from guardrail import sources
from guardrail.errors import SourceError
from guardrail.model import ChangeSet, InstanceVariant
from guardrail.sources.options import InputOptions
from guardrail.sources.past import Comparison

OUTPUT = Path(__file__).parent / "cdk.out"
NESTED = "Prod/User/{}NestedStack{}NestedStackResource{}"


def read(path: Path, **options: Any) -> ChangeSet:
    return sources.read(str(path), InputOptions(**options))


def test_every_stack_of_every_stage_is_read_and_linked() -> None:
    change_set = read(OUTPUT)
    acme, globex = NESTED.format("acme", "acme", "47ED779C"), NESTED.format("globex", "globex", "BF8FE2C9")
    found = {}
    for endpoint in change_set.after.endpoints:
        assert isinstance(endpoint.variants, tuple)
        (variant,) = endpoint.variants
        assert isinstance(variant, InstanceVariant)
        found[endpoint.address] = (
            endpoint.configuration_address,
            endpoint.region,
            variant.instance_type,
            variant.initial_instance_count,
            variant.model_name,
        )
    assert found == {
        "Prod/User/Endpoint": ("Prod/Base/Config", "us-east-1", "ml.m5.xlarge", 2, "shared-model"),
        f"{acme}/Endpoint": (f"{acme}/Config", "us-east-1", "ml.m5.large", 1, "shared-model"),
        f"{globex}/Endpoint": (f"{globex}/Config", "us-east-1", "ml.m5.large", 3, "shared-model"),
    }
    assert change_set.skipped == ()
    assert change_set.after.unattached == ()


def test_construct_paths_stand_beside_logical_ids() -> None:
    paths = read(OUTPUT).construct_paths
    assert paths["Prod/Base/Config"] == "Prod/Base/Config"
    assert paths[NESTED.format("acme", "acme", "47ED779C") + "/Endpoint"] == "Prod/User/acme/Endpoint"


def test_tags_of_a_stack_are_on_what_stands_in_it(tmp_path: Path) -> None:
    output = copied(tmp_path)
    manifest = output / "assembly-Prod" / "manifest.json"
    document = json.loads(manifest.read_text())
    document["artifacts"]["ProdUserDF6D61C3"]["properties"]["tags"] = {"team": "ml"}
    manifest.write_text(json.dumps(document))
    assert {json.dumps(endpoint.tags) for endpoint in read(output).after.endpoints} == {'{"team": "ml"}'}


def test_a_parameter_of_a_stack_can_be_given() -> None:
    (shared,) = [
        each for each in read(OUTPUT, parameters=["Size=ml.m5.4xlarge"]).after.endpoints if each.name == "shared"
    ]
    assert isinstance(shared.variants, tuple)
    assert isinstance(shared.variants[0], InstanceVariant)
    assert shared.variants[0].instance_type == "ml.m5.4xlarge"


def test_a_cdk_output_is_compared_with_another(tmp_path: Path) -> None:
    output = copied(tmp_path)
    template = output / "assembly-Prod" / "ProdBase87C4F15B.template.json"
    template.write_text(template.read_text().replace('"InitialInstanceCount": 2', '"InitialInstanceCount": 5'))
    changes = {
        each.name: (each.change, each.touched)
        for each in read(output, compared=Comparison(str(OUTPUT))).after.endpoints
    }
    assert changes == {"shared": ("update", True), "tenant-acme": ("no-op", False), "tenant-globex": ("no-op", False)}


def copied(tmp_path: Path) -> Path:
    output = tmp_path / "cdk.out"
    shutil.copytree(OUTPUT, output)
    return output


def test_the_path_that_the_cdk_notes_goes_before_the_asset_manifest(tmp_path: Path) -> None:
    output = copied(tmp_path)
    template = output / "assembly-Prod" / "ProdUserDF6D61C3.template.json"
    document = json.loads(template.read_text())
    (output / "assembly-Prod" / "ProdUserDF6D61C3.assets.json").unlink()
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            name = "acme" if "acme" in resource["Metadata"]["aws:cdk:path"] else "globex"
            file = next(path.name for path in template.parent.glob(f"*{name}*.nested.template.json"))
            resource["Metadata"]["aws:asset:path"] = file
    template.write_text(json.dumps(document))
    assert len(read(output).after.endpoints) == 3


def test_a_nested_stack_without_its_asset_manifest_is_skipped(tmp_path: Path) -> None:
    output = copied(tmp_path)
    (output / "assembly-Prod" / "ProdUserDF6D61C3.assets.json").unlink()
    change_set = read(output)
    assert len(change_set.after.endpoints) == 1
    assert len(change_set.skipped) == 2
    assert all(
        "its template is not here: https://s3.us-east-1.amazonaws.com/" in each.reason for each in change_set.skipped
    )


def test_a_template_that_the_manifest_names_has_to_be_there(tmp_path: Path) -> None:
    output = copied(tmp_path)
    (output / "assembly-Prod" / "ProdBase87C4F15B.template.json").unlink()
    with pytest.raises(SourceError, match="the template of the stack ProdBase87C4F15B is not there") as caught:
        read(output)
    assert caught.value.hint == "npx cdk synth"


def test_a_stage_that_the_manifest_names_has_to_be_there(tmp_path: Path) -> None:
    output = copied(tmp_path)
    shutil.rmtree(output / "assembly-Prod")
    with pytest.raises(SourceError, match=r"names the stage assembly-Prod, and .* is not there"):
        read(output)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("{", "is not the manifest of a CDK output"),
        ('{"artifacts": {}}', "is a CDK output without stacks"),
        ('{"artifacts": []}', "is not the manifest of a CDK output"),
        ('{"artifacts": {"S": {"displayName": "é"}}}', "is not the manifest of a CDK output"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, manifest: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest, encoding="latin-1")
    with pytest.raises(SourceError, match=message):
        read(tmp_path)


def test_a_cdk_output_is_compared_with_a_git_revision(tmp_path: Path) -> None:
    """Stages, stacks and the assets of nested stacks are read from git's objects."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)  # noqa: S607

    output = copied(tmp_path)
    git("init", "-q")
    git("add", "--force", ".")
    git("commit", "-qm", "first")
    nested = next(output.glob("*/*globex*.nested.template.json"))
    nested.write_text(nested.read_text().replace('"InitialInstanceCount": 3', '"InitialInstanceCount": 4'))
    changes = {
        each.name: (each.change, each.touched) for each in read(output, compared=Comparison("HEAD")).after.endpoints
    }
    assert changes == {"shared": ("no-op", False), "tenant-acme": ("no-op", False), "tenant-globex": ("update", True)}
