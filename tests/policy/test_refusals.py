"""What SageMaker refuses: the words of its documentation, held against variants that were put together by hand."""

from typing import Any

import pytest
from msgspec import structs

from guardrail.model import Container, Endpoint, InstanceVariant, Model, ScalableTarget, ServerlessVariant, Unknown
from guardrail.policy.refusals import image_problems, scaled_type_change, unsupported
from guardrail.policy.subject import Evaluation, Subject
from guardrail.prices.book import PriceBook

LATER = Unknown("known only after apply")
AWS = "763104351884.dkr.ecr.{}.amazonaws.com/{}"
TARGET = ScalableTarget(address="t", dimension="d", min_capacity=1, max_capacity=4)


def container(**changes: Any) -> Container:
    return Container(**({"image": None, "mode": "SingleModel", "model_package": None} | changes))


def model(*containers: Container, **changes: Any) -> Model:
    known: dict[str, Any] = {"address": "m", "containers": containers or (container(),), "execution_mode": "Serial"}
    return Model(**(known | {"vpc": False, "network_isolation": False} | changes))


def serverless(**changes: Any) -> ServerlessVariant:
    known: dict[str, Any] = {"name": "main", "memory_mib": 2048, "max_concurrency": 5, "provisioned_concurrency": None}
    return ServerlessVariant(**(known | changes))


def instances(instance_type: str | Unknown = "ml.c6i.large", **changes: Any) -> InstanceVariant:
    known: dict[str, Any] = {"name": "main", "shadow": False, "initial_instance_count": 1}
    return InstanceVariant(instance_type=instance_type, **(known | changes))


def endpoint(*variants: InstanceVariant | ServerlessVariant, **changes: Any) -> Endpoint:
    known: dict[str, Any] = {"address": "e", "name": "chat", "region": "us-east-1", "mode": "realtime"}
    return Endpoint(**(known | {"variants": variants, "configuration_address": "c"} | changes))


def subject(
    of: Endpoint, variant: InstanceVariant | ServerlessVariant, before: dict[str, Endpoint] | None = None
) -> Subject:
    return Subject(Evaluation(PriceBook(), before=before), of, variant=variant)


def asked(variant: InstanceVariant | ServerlessVariant, **changes: Any) -> object:
    return unsupported(subject(endpoint(variant, **changes), variant))


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"model": model(vpc=True)}, "a model in a VPC"),
        ({"model": model(network_isolation=True)}, "a model in network isolation"),
        ({"model": model(container(mode="MultiModel"))}, "a container of several models"),
        ({"model": model(container(), container())}, "a pipeline of containers"),
        ({"model": model(container(private_registry=True))}, "an image of a private registry"),
        ({"model": model(container(has_data_source=True))}, "artifacts from ModelDataSource"),
        ({"marketplace": True}, "a package of AWS Marketplace"),
        (
            {"model": model(container(image=AWS.format("us-east-1", "pytorch-inference:2.3-gpu-py311-cu121")))},
            "an image for GPUs",
        ),
    ],
)
def test_serverless_takes_none_of_its_feature_exclusions(changes: dict[str, Any], phrase: str) -> None:
    assert asked(serverless(**changes)) == (phrase,)
    assert asked(instances(**changes)) == (), "on instances, real-time, all of it is taken"


def test_of_serverless_variants_there_is_one_and_nothing_of_it_is_captured() -> None:
    two = endpoint(serverless(), serverless(name="b"), data_capture_percent=10)
    assert unsupported(subject(two, serverless())) == ("a second production variant", "data capture")


def test_shadow_variants_stand_beside_one_production_variant_that_is_real_time() -> None:
    shadow = instances("ml.inf1.xlarge", name="candidate", shadow=True)
    assert asked(shadow, mode="async") == ("asynchronous inference", "an Inf1 instance")
    assert unsupported(subject(endpoint(instances(), instances(name="b"), shadow), shadow)) == (
        "a second production variant",
        "an Inf1 instance",
    )


def test_asynchronous_inference_has_one_variant_and_no_marketplace() -> None:
    both = instances(marketplace=True)
    assert unsupported(subject(endpoint(both, instances(name="b"), mode="async"), both)) == (
        "a second production variant",
        "a package of AWS Marketplace",
    )


def test_what_is_surely_refused_is_told_whatever_else_is_unknown() -> None:
    assert asked(serverless(model=model(vpc=LATER, network_isolation=True))) == ("a model in network isolation",)
    assert asked(serverless(model=model(vpc=LATER))) == LATER
    assert asked(instances(), mode=LATER) == LATER


def test_a_model_that_is_managed_elsewhere_and_an_image_without_a_name_are_nothing_to_refuse() -> None:
    assert asked(serverless(model=None, model_name="elsewhere")) == ()
    assert asked(serverless(model=Unknown("managed elsewhere"))) == ()
    assert asked(serverless(model=model(container(image=LATER)), marketplace=LATER)) == ()


# Images --------------------------------------------------------------------------------------------------------------


def of_image(image: str, instance_type: str = "ml.c6i.large", region: str | Unknown = "us-east-1") -> object:
    variant = instances(instance_type, model=model(container(image=image)))
    return image_problems(subject(endpoint(variant, region=region), variant))


@pytest.mark.parametrize("instance_type", ["ml.c6g.large", "ml.c7g.xlarge", "ml.m6gd.4xlarge", "ml.c6gn.16xlarge"])
def test_graviton_runs_what_was_built_for_it(instance_type: str) -> None:
    arm, x86 = (AWS.format("us-east-1", f"pytorch-inference{suffix}:2.3-cpu-py311") for suffix in ("-graviton", ""))
    assert of_image(arm, instance_type) == ()
    assert of_image(x86, instance_type) == (f"the image is built for x86, and {instance_type} is Graviton (arm64)",)


@pytest.mark.parametrize("instance_type", ["ml.g5.xlarge", "ml.g4dn.xlarge", "ml.g6e.xlarge", "ml.p4d.24xlarge"])
def test_gpu_families_are_no_graviton(instance_type: str) -> None:
    assert of_image(AWS.format("us-east-1", "pytorch-inference:2.3-gpu-py311"), instance_type) == ()
    arm = AWS.format("us-east-1", "pytorch-inference-graviton:2.3-cpu-py311")
    assert of_image(arm, instance_type) == (
        f"the image is built for Graviton (arm64), and {instance_type} is no such type",
    )


def test_an_image_lies_in_the_region_of_its_endpoint() -> None:
    own = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ranker@sha256:0"
    assert of_image(own) == ("the image lies in eu-west-1, and the endpoint in us-east-1",)
    assert of_image(own, region="eu-west-1") == ()
    assert of_image(own, region=LATER) == LATER
    assert of_image("registry.example.com/ranker:7") == (), "a registry in the VPC has no region"


# A change of type ----------------------------------------------------------------------------------------------------

BEFORE = endpoint(instances("ml.m5.large", scaling=TARGET))


def change(variant: InstanceVariant, before: Endpoint | None = BEFORE, **changes: Any) -> object:
    after = endpoint(variant, **({"change": "update"} | changes))
    return scaled_type_change(subject(after, variant, None if before is None else {"e": before}))


def test_a_type_that_changes_under_a_target_that_was_there_is_refused() -> None:
    assert change(instances("ml.m5.xlarge", scaling=TARGET)) == "ml.m5.large to ml.m5.xlarge"
    assert change(instances("ml.m5.large", scaling=TARGET)) is None
    assert change(instances(LATER, scaling=TARGET)) == LATER


@pytest.mark.parametrize(
    ("variant", "before", "changes"),
    [
        (instances("ml.m5.xlarge"), BEFORE, {}),
        (instances("ml.m5.xlarge", scaling=TARGET), None, {}),
        (instances("ml.m5.xlarge", scaling=TARGET, name="other"), BEFORE, {}),
        (instances("ml.m5.xlarge", scaling=TARGET), endpoint(instances("ml.m5.large")), {}),
        (instances("ml.m5.xlarge", scaling=TARGET), BEFORE, {"change": "replace"}),
        (instances("ml.m5.xlarge", scaling=TARGET), structs.replace(BEFORE, variants=LATER), {}),
    ],
    ids=["target goes", "no past", "another variant", "target is new", "endpoint is replaced", "past is not known"],
)
def test_no_update_is_refused_where_none_happens_under_a_target(
    variant: InstanceVariant, before: Endpoint | None, changes: dict[str, Any]
) -> None:
    assert change(variant, before, **changes) is None
