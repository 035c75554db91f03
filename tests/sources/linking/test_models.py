"""Models and the variants that name them: a Marketplace fee, a host of many models."""

from typing import Any

import pytest

from guardrail.model import InstanceVariant, ServerlessVariant, Unknown, Variant
from guardrail.sources.base import Reference
from guardrail.sources.linking.link import Side
from guardrail.sources.template.values import Unresolved
from tests.sources.conftest import Reader
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    Json,
    block,
    change,
    configuration,
    endpoint,
    module,
    plan,
    ref,
    serverless,
    variant,
)
from tests.sources.resources import declared

PRODUCT = "arn:aws:sagemaker:us-east-1:865070037744:model-package/command-r-v2-abcdef"
REGISTERED = "arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/3"
UNVERSIONED = "arn:aws:sagemaker:us-east-1:111122223333:model-package/churn"
MODEL = "aws_sagemaker_model.m"
LATE = Unknown("known only after apply")


def template_variant(container: Json, **others: Any) -> Variant:
    """The variant ``main`` on the model ``m``, whose only container this is."""
    main = {"VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    side = Side(
        [
            declared("SageMaker::Model", "M", ModelName="m", PrimaryContainer=container, **others),
            declared("SageMaker::EndpointConfig", "C", EndpointConfigName="c", ProductionVariants=[main]),
            declared("SageMaker::Endpoint", "E", EndpointName="e", EndpointConfigName="c"),
        ]
    )
    return only(side.linked().inventory.endpoints[0].variants)


def only(variants: tuple[Variant, ...] | Unknown) -> Variant:
    assert isinstance(variants, tuple)
    return variants[0]


def planned(read_plan: Reader, *changes: Json, root: Json | None = None) -> Variant:
    endpoint_and = (change(ENDPOINT, endpoint()), *changes)
    return only(read_plan(plan(*endpoint_and, root=root)).after.endpoints[0].variants)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (PRODUCT, True),
        (PRODUCT.replace("arn:aws:", "arn:aws-us-gov:"), True),
        (REGISTERED, False),  # a version of a group: AWS Marketplace has none
        ("churn", False),  # a package of the own account
        (UNVERSIONED, Unknown("its model package may be one of AWS Marketplace")),
        (Unknown("a parameter"), Unknown("its model package is not known: a parameter")),
        (None, False),
    ],
)
def test_a_package_of_aws_marketplace_is_told_by_its_arn(package: Any, expected: object) -> None:
    assert template_variant({"ModelPackageName": package}).marketplace == expected


@pytest.mark.parametrize(
    ("mode", "expected"), [("MultiModel", True), ("SingleModel", False), (None, False), (LATE, LATE)]
)
def test_the_mode_of_its_container_makes_a_host_of_many_models(mode: Any, expected: object) -> None:
    found = template_variant({"Image": "i", "Mode": mode})
    assert isinstance(found, InstanceVariant)
    assert found.multi_model == expected


def test_one_container_of_a_pipeline_is_enough() -> None:
    found = template_variant({"Image": "i"}, Containers=[{"ModelPackageName": PRODUCT}])
    assert found.marketplace is True


def test_a_model_that_is_managed_elsewhere_says_nothing(read_plan: Reader) -> None:
    found = planned(read_plan, change(CONFIGURATION, configuration()))
    assert isinstance(found, InstanceVariant)
    assert (found.marketplace, found.multi_model) == (False, None)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("chat-modle", "chat-model"),
        ("chat-model", None),  # it is that one
        ("chat-model-2", None),  # digits tell names apart
        (Unknown("a parameter"), None),
    ],
)
def test_a_name_that_is_a_models_but_for_one_letter_was_meant_for_it(name: Any, meant: str | None) -> None:
    main = {"VariantName": "main", "ModelName": name, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    side = Side(
        [
            declared("SageMaker::Model", "M", ModelName="chat-model", PrimaryContainer={"Image": "i"}),
            declared("SageMaker::EndpointConfig", "C", EndpointConfigName="c", ProductionVariants=[main]),
            declared("SageMaker::Endpoint", "E", EndpointName="e", EndpointConfigName="c"),
        ]
    )
    assert only(side.linked().inventory.endpoints[0].variants).model_meant == meant


def test_a_name_like_those_of_two_models_was_meant_for_neither() -> None:
    main = {"VariantName": "main", "ModelName": "chat-modl", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    models = ("chat-model", "chat-modal")
    side = Side(
        [
            *(
                declared("SageMaker::Model", name[-2:], ModelName=name, PrimaryContainer={"Image": "i"})
                for name in models
            ),
            declared("SageMaker::EndpointConfig", "C", EndpointConfigName="c", ProductionVariants=[main]),
            declared("SageMaker::Endpoint", "E", EndpointName="e", EndpointConfigName="c"),
        ]
    )
    assert only(side.linked().inventory.endpoints[0].variants).model_meant is None


def test_terraform_names_a_model_by_value_or_by_reference(read_plan: Reader) -> None:
    many = {"name": "m", "primary_container": [{"image": "i", "mode": "MultiModel"}]}
    named = planned(read_plan, change(MODEL, many), change(CONFIGURATION, configuration(variant(model_name="m"))))
    late = planned(
        read_plan,
        change(MODEL, {**many, "name": None}, unknown={"name": True}),
        change(
            CONFIGURATION,
            configuration(variant(model_name=None)),
            unknown={"production_variants": [{"model_name": True}]},
        ),
        root=module(
            block(ENDPOINT),
            block(MODEL),
            block(CONFIGURATION, production_variants=[{"model_name": ref(f"{MODEL}.name")}]),
        ),
    )
    assert [isinstance(each, InstanceVariant) and each.multi_model for each in (named, late)] == [True, True]


def test_which_of_two_models_a_variant_means_is_open_where_they_differ(read_plan: Reader) -> None:
    """A plan tells the references of all variants together."""
    written = [{"model_name": ref("aws_sagemaker_model.a.name", "aws_sagemaker_model.b.name")}]

    def found(*packages: str) -> Variant:
        models = [
            change(
                f"aws_sagemaker_model.{name}",
                {"name": None, "container": [{"model_package_name": package}]},
                unknown={"name": True},
            )
            for name, package in zip("ab", packages, strict=True)
        ]
        late = {"production_variants": [{"model_name": True}]}
        return planned(
            read_plan,
            *models,
            change(CONFIGURATION, configuration(variant(model_name=None)), unknown=late),
            root=module(
                block(ENDPOINT),
                block("aws_sagemaker_model.a"),
                block("aws_sagemaker_model.b"),
                block(CONFIGURATION, production_variants=written),
            ),
        )

    assert found(PRODUCT, PRODUCT).marketplace is True
    assert found(PRODUCT, REGISTERED).marketplace == Unknown("which model it serves is not known")


def test_a_serverless_variant_may_serve_a_product_too(read_plan: Reader) -> None:
    product = change(MODEL, {"name": "m", "container": [{"model_package_name": PRODUCT}]})
    main = {**serverless(), "model_name": "m"}
    found = planned(read_plan, product, change(CONFIGURATION, configuration(main)))
    assert isinstance(found, ServerlessVariant)
    assert found.marketplace is True


def test_a_name_that_is_generated_links_by_its_address() -> None:
    """``!GetAtt Model.ModelName`` of a model without a name."""
    name = Unresolved("later", "${M.ModelName}", symbol="${M.ModelName}", references=(Reference("M", "ModelName"),))
    main = {"VariantName": "main", "ModelName": name, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    side = Side(
        [
            declared("SageMaker::Model", "M", PrimaryContainer={"Mode": "MultiModel"}),
            declared("SageMaker::EndpointConfig", "C", EndpointConfigName="c", ProductionVariants=[main]),
        ]
    )
    found = only(side.linked().inventory.unattached[0].variants)
    assert isinstance(found, InstanceVariant)
    assert found.multi_model is True
