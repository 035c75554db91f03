"""What a template names is read within its repository alone; what the command line names is the user's."""

import os
from pathlib import Path

import pytest

from guardrail import sources
from guardrail.errors import SourceError
from guardrail.sources.boundary import KnownBoundaries
from guardrail.sources.options import InputOptions

NESTED = """
Resources:
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: main, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 2}]
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt C.EndpointConfigName}
"""
PARENT = """
Resources:
  S:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: PLACE}
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a folder ``infra``, a template outside of it, and another working directory."""
    inside = tmp_path / "repository"
    (inside / ".git").mkdir(parents=True)
    (inside / "infra").mkdir()
    (inside / "child.yaml").write_text(NESTED)
    (tmp_path / "outside.yaml").write_text(NESTED)
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return inside


@pytest.mark.parametrize(
    ("url", "is_read"),
    [
        ("../child.yaml", True),
        ("../link.yaml", False),
        ("../../outside.yaml", False),
        ("../infra/../../outside.yaml", False),
        ("OUTSIDE", False),
    ],
)
def test_a_nested_template_is_read_within_the_repository_alone(repository: Path, url: str, is_read: bool) -> None:  # noqa: FBT001
    path = repository / "infra" / "parent.yaml"
    path.write_text(PARENT.replace("PLACE", url.replace("OUTSIDE", str(repository.parent / "outside.yaml"))))
    found = sources.read(str(path), InputOptions(region="us-east-1"))
    assert bool(found.after.endpoints) is is_read
    assert [each.address for each in found.skipped] == ([] if is_read else ["S"])


def test_a_state_machine_outside_is_not_looked_into(repository: Path) -> None:
    (repository.parent / "machine.json").write_text('{"Resource": "arn:aws:states:::sagemaker:createEndpoint"}')
    path = repository / "infra" / "sam.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n"
        "    Properties: {DefinitionUri: ../../machine.json}\n"
    )
    (skipped,) = sources.read(str(path), InputOptions(region="us-east-1")).skipped
    assert "is not known here" in skipped.reason


def test_what_the_command_line_names_may_lie_anywhere(repository: Path) -> None:
    outside = str(repository.parent / "outside.yaml")
    assert sources.read(outside, InputOptions(region="us-east-1")).after.endpoints


def test_a_link_of_a_repository_that_leads_out_of_it_is_refused(repository: Path) -> None:
    with pytest.raises(SourceError, match=r"link\.yaml leads out of its repository, and is not read"):
        sources.read(os.path.join(repository, "link.yaml"), InputOptions(region="us-east-1"))


def test_inputs_share_how_far_they_reach_but_a_link_that_leads_out_is_refused_beside_each(repository: Path) -> None:
    child, link = str(repository / "child.yaml"), str(repository / "link.yaml")
    known: KnownBoundaries = {}
    sources.read(child, InputOptions(region="us-east-1", known_boundaries=known))
    assert list(known) == [child]
    for path in (child, link):
        with pytest.raises(SourceError, match=r"link\.yaml leads out of its repository, and is not read"):
            sources.read(path, InputOptions(region="us-east-1", beside=[child, link], known_boundaries=known))
    assert list(known) == [child]
