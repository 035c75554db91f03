"""The ten resources of a synthetic service: what a configuration says of each, and what AWS answers.

A *service* is a role, role policy, bucket, log group, model, endpoint configuration, endpoint, scalable target, scaling
policy and alarm. Its number decides everything about it: inference mode, instance type, tags, and whether the change
creates, keeps, rescales, redeploys or destroys it.
"""

import json
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Values = dict[str, Any]
When = Literal["before", "after"]
Fate = Literal["create", "no-op", "rescale", "redeploy", "delete"]

ACCOUNT = "123456789012"
REGION = "us-east-1"
FATES: tuple[Fate, ...] = (
    "create", "create", "create", "rescale", "create", "no-op", "redeploy", "create", "create", "delete",
)  # fmt: skip
INSTANCE_TYPES = (
    "ml.m5.large", "ml.c5.xlarge", "ml.m5.xlarge", "ml.g5.xlarge", "ml.c6i.2xlarge", "ml.g4dn.xlarge", "ml.g5.12xlarge",
)  # fmt: skip
MODES = ("realtime", "async", "realtime", "serverless", "realtime")
RESOURCES_PER_SERVICE = 10
SERVICES_PER_MODULE = 5


class Service(NamedTuple):
    """What its number decides about a service."""

    number: int

    @property
    def name(self) -> str:
        return f"svc-{self.number:05d}"

    @property
    def mode(self) -> str:
        return MODES[self.number % len(MODES)]

    @property
    def fate(self) -> Fate:
        return FATES[self.number // 2 % len(FATES)]  # neighbours are in the root and in a module

    @property
    def module(self) -> str | None:
        """The module call it belongs to; None in the root module."""
        return f"fleet_{self.number // (2 * SERVICES_PER_MODULE)}" if self.number % 2 else None

    @property
    def instance_type(self) -> str:
        return INSTANCE_TYPES[self.number % len(INSTANCE_TYPES)]

    @property
    def tags(self) -> Values:
        return {
            "environment": ("production", "staging", "dev")[self.number % 3],
            "team": f"team-{self.number % 17:02d}",
        }


class Kind(NamedTuple):
    """How one of the ten resources of a service is made."""

    type: str
    name: str
    given: Callable[[Service, When], Values]
    """What the configuration says."""
    computed: Callable[[Service, When], Values]
    """What AWS answers, known only after apply."""
    references: Values
    """Attributes that are references in the configuration, and to what."""


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def references(*addresses: str) -> Values:
    """References as Terraform lists them: the attribute, then everything around it."""
    return {"references": [part for address in addresses for part in (address, address.rpartition(".")[0])]}


def configuration_name(service: Service, when: When) -> str:
    generation = 2 if when == "after" and service.fate == "redeploy" else 1
    return f"{service.name}-{generation:026d}" if service.module else f"{service.name}-v{generation}"


def variant(service: Service, when: When) -> Values:
    """A production variant as the provider plans it: unset scalars are null, unset blocks are empty lists."""
    serverless = service.mode == "serverless"
    larger = when == "after" and service.fate == "redeploy"
    return {
        "accelerator_type": None,
        "container_startup_health_check_timeout_in_seconds": None,
        "core_dump_config": [],
        "enable_ssm_access": None,
        "inference_ami_version": None,
        "initial_instance_count": None if serverless else 1 + service.number % 4,
        "initial_variant_weight": 1,
        "instance_type": None if serverless else "ml.m5.4xlarge" if larger else service.instance_type,
        "managed_instance_scaling": [],
        "model_data_download_timeout_in_seconds": None,
        "model_name": service.name,
        "routing_config": [],
        "serverless_config": [{
            "max_concurrency": 5 + service.number % 20,
            "memory_size_in_mb": 4096 if larger else 2048,
            "provisioned_concurrency": service.number % 4 or None,
        }] if serverless else [],
        "variant_name": "AllTraffic",
    }  # fmt: skip


def endpoint_configuration(service: Service, when: When) -> Values:
    asynchronous = {
        "client_config": [{"max_concurrent_invocations_per_instance": 4}],
        "output_config": [{
            "kms_key_id": None,
            "notification_config": [],
            "s3_failure_path": None,
            "s3_output_path": f"s3://{service.name}-artifacts/out/",
        }],
    }  # fmt: skip
    named = {"name_prefix": f"{service.name}-"} if service.module else {"name": configuration_name(service, when)}
    return {
        "async_inference_config": [asynchronous] if service.mode == "async" else [],
        "data_capture_config": [],
        "kms_key_arn": None,
        **named,
        "production_variants": [variant(service, when)],
        "shadow_production_variants": [],
        "tags": service.tags,
        "tags_all": service.tags,
    }


def model(service: Service, _when: When) -> Values:
    container: Values = {
        "container_hostname": None,
        "environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
        "image": f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-inference:2.3.0-gpu-py311",
        "image_config": [],
        "inference_specification_name": None,
        "mode": "SingleModel",
        "model_data_source": [],
        "model_data_url": f"s3://{service.name}-artifacts/model.tar.gz",
        "model_package_name": None,
        "multi_model_config": [],
    }
    return {
        "container": [],
        "enable_network_isolation": None,
        "execution_role_arn": arn("iam", f"role/{service.name}"),
        "inference_execution_config": [],
        "name": service.name,
        "primary_container": [container],
        "tags": service.tags,
        "tags_all": service.tags,
        "vpc_config": [],
    }


def endpoint(service: Service, when: When) -> Values:
    named = {} if service.module else {"endpoint_config_name": configuration_name(service, when)}
    return {"deployment_config": [], **named, "name": service.name, "tags": service.tags, "tags_all": service.tags}


def scalable(service: Service) -> Values:
    dimension = "DesiredProvisionedConcurrency" if service.mode == "serverless" else "DesiredInstanceCount"
    return {
        "resource_id": f"endpoint/{service.name}/variant/AllTraffic",
        "scalable_dimension": f"sagemaker:variant:{dimension}",
        "service_namespace": "sagemaker",
    }


def target(service: Service, when: When) -> Values:
    minimum = 0 if service.mode == "async" and service.number % 3 else 1
    maximum = 2 + service.number % 8 + (4 if when == "after" and service.fate == "rescale" else 0)
    return {"max_capacity": maximum, "min_capacity": minimum, **scalable(service), "tags": None, "tags_all": {}}


def policy(service: Service, _when: When) -> Values:
    backlog = {
        "dimensions": [{"name": "EndpointName", "value": service.name}],
        "metric_name": "ApproximateBacklogSizePerInstance",
        "metrics": [],
        "namespace": "AWS/SageMaker",
        "statistic": "Average",
        "unit": None,
    }
    invocations, utilization = (
        {"predefined_metric_type": f"SageMakerVariant{metric}", "resource_label": None}
        for metric in ("InvocationsPerInstance", "ProvisionedConcurrencyUtilization")
    )
    followed: dict[str, Values] = {
        "async": {"customized_metric_specification": [backlog], "predefined_metric_specification": []},
        "realtime": {"customized_metric_specification": [], "predefined_metric_specification": [invocations]},
        "serverless": {"customized_metric_specification": [], "predefined_metric_specification": [utilization]},
    }
    tracking = {"disable_scale_in": False, "scale_in_cooldown": 300, "scale_out_cooldown": 60, "target_value": 100}
    return {
        "name": f"{service.name}-load",
        "policy_type": "TargetTrackingScaling",
        **scalable(service),
        "step_scaling_policy_configuration": [],
        "target_tracking_scaling_policy_configuration": [{**followed[service.mode], **tracking}],
    }


def alarm(service: Service, _when: When) -> Values:
    return {
        "actions_enabled": True,
        "alarm_actions": None,
        "alarm_description": "nobody has called this endpoint for a day",
        "alarm_name": f"{service.name}-idle",
        "comparison_operator": "LessThanOrEqualToThreshold",
        "datapoints_to_alarm": None,
        "dimensions": {"EndpointName": service.name, "VariantName": "AllTraffic"},
        "evaluation_periods": 24,
        "extended_statistic": None,
        "insufficient_data_actions": None,
        "metric_name": "Invocations",
        "metric_query": [],
        "namespace": "AWS/SageMaker",
        "ok_actions": None,
        "period": 3600,
        "statistic": "Sum",
        "tags": service.tags,
        "tags_all": service.tags,
        "threshold": 0,
        "threshold_metric_id": None,
        "treat_missing_data": "breaching",
        "unit": None,
    }


def document(*statements: Values) -> str:
    """An IAM policy as Terraform writes it: compact JSON in a string."""
    return json.dumps({"Statement": list(statements), "Version": "2012-10-17"}, separators=(",", ":"))


def role(service: Service, _when: When) -> Values:
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}
    return {
        "assume_role_policy": document(trust),
        "description": None,
        "force_detach_policies": False,
        "max_session_duration": 3600,
        "name": service.name,
        "path": "/",
        "permissions_boundary": None,
        "tags": service.tags,
        "tags_all": service.tags,
    }


def role_policy(service: Service, _when: When) -> Values:
    reads = {"Action": ["s3:GetObject"], "Effect": "Allow", "Resource": f"arn:aws:s3:::{service.name}-artifacts/*"}
    return {"name": service.name, "policy": document(reads), "role": service.name}


def bucket(service: Service, _when: When) -> Values:
    return {
        "bucket": f"{service.name}-artifacts",
        "force_destroy": False,
        "tags": service.tags,
        "tags_all": service.tags,
        "timeouts": None,
    }


def log_group(service: Service, _when: When) -> Values:
    return {
        "kms_key_id": None,
        "name": f"/aws/sagemaker/Endpoints/{service.name}",
        "retention_in_days": 30,
        "skip_destroy": False,
        "tags": service.tags,
        "tags_all": service.tags,
    }


def identified(aws_service: str, resource: str, **further: Any) -> Callable[[Service, When], Values]:
    """Computed attributes that every resource has, and `further` ones."""

    def computed(service: Service, _when: When) -> Values:
        return {"arn": arn(aws_service, f"{resource}/{service.name}"), "id": service.name, **further}

    return computed


def configuration_computed(service: Service, when: When) -> Values:
    name = configuration_name(service, when)
    named = {"name": name} if service.module else {"name_prefix": ""}
    return {"arn": arn("sagemaker", f"endpoint-config/{name}"), "id": name, **named}


def endpoint_computed(service: Service, when: When) -> Values:
    named = {"endpoint_config_name": configuration_name(service, when)} if service.module else {}
    return {"arn": arn("sagemaker", f"endpoint/{service.name}"), "id": service.name, **named}


BUCKET_COMPUTED: Values = {
    "acceleration_status": "", "acl": None, "bucket_domain_name": "artifacts.s3.amazonaws.com", "bucket_prefix": "",
    "bucket_regional_domain_name": f"artifacts.s3.{REGION}.amazonaws.com", "cors_rule": [], "grant": [],
    "hosted_zone_id": "Z3AQBSTGFYJSTF", "lifecycle_rule": [], "logging": [], "object_lock_configuration": [],
    "object_lock_enabled": False, "policy": "", "region": REGION, "replication_configuration": [],
    "request_payer": "BucketOwner", "server_side_encryption_configuration": [], "versioning": [], "website": [],
    "website_domain": None, "website_endpoint": None,
}  # fmt: skip
ROLE_COMPUTED: Values = {
    "create_date": "2026-01-01T00:00:00Z", "inline_policy": [], "managed_policy_arns": [], "name_prefix": "",
    "unique_id": "AROAEXAMPLE",
}  # fmt: skip

KINDS = (
    Kind("aws_appautoscaling_policy", "load", policy, identified("autoscaling", "scalingPolicy", alarm_arns=[]), {
        "resource_id": references("aws_appautoscaling_target.variant.resource_id"),
    }),
    Kind("aws_appautoscaling_target", "variant", target,
         identified("application-autoscaling", "scalable-target", role_arn="", suspended_state=[]), {
        "resource_id": references("aws_sagemaker_endpoint.endpoint.name"),
    }),
    Kind("aws_cloudwatch_log_group", "logs", log_group,
         identified("logs", "log-group", log_group_class="STANDARD", name_prefix=""), {}),
    Kind("aws_cloudwatch_metric_alarm", "idle", alarm,
         identified("cloudwatch", "alarm", evaluate_low_sample_count_percentiles=""), {
        "dimensions": references("aws_sagemaker_endpoint.endpoint.name"),
    }),
    Kind("aws_iam_role", "execution", role, identified("iam", "role", **ROLE_COMPUTED), {}),
    Kind("aws_iam_role_policy", "artifacts", role_policy, identified("iam", "policy", name_prefix=""), {
        "role": references("aws_iam_role.execution.name"),
    }),
    Kind("aws_s3_bucket", "artifacts", bucket, identified("s3", "bucket", **BUCKET_COMPUTED), {}),
    Kind("aws_sagemaker_endpoint", "endpoint", endpoint, endpoint_computed, {
        "endpoint_config_name": references("aws_sagemaker_endpoint_configuration.configuration.name"),
    }),
    Kind("aws_sagemaker_endpoint_configuration", "configuration", endpoint_configuration, configuration_computed, {}),
    Kind("aws_sagemaker_model", "model", model, identified("sagemaker", "model"), {
        "execution_role_arn": references("aws_iam_role.execution.arn"),
    }),
)  # fmt: skip
