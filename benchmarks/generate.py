"""Terraform plans of any size, faithful to plan format 1.2, written in constant memory.

    python benchmarks/generate.py --resources 10000 -o plan.json
    python benchmarks/generate.py --resources 200 --megabytes 300 -o large.json

Resources come in services of ten (services.py). Every other service is written out in the root module; the rest are
instances of modules that use `for_each` and `name_prefix`, so that half of the new names are known only after apply and
have to be followed through `configuration`. Of ten services six are created, one stays, one is rescaled, one is
redeployed under a new configuration and one is destroyed. `--megabytes` fills up with resources that have nothing to do
with SageMaker, as the plan of a whole account has.

Shapes (order of keys, unset values in plan and state, sensitivity masks) are those of `terraform show -json` of
Terraform 1.11 with hashicorp/aws 5.100. The same arguments give the same bytes.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from services import (
    ACCOUNT,
    KINDS,
    REGION,
    RESOURCES_PER_SERVICE,
    Fate,
    Kind,
    Service,
    Values,
    When,
    arn,
    document,
    references,
)

PROVIDER = "registry.terraform.io/hashicorp/aws"


class Resource(NamedTuple):
    """One resource, as it is now and as it shall be."""

    type: str
    name: str
    module_address: str | None
    actions: tuple[str, ...]
    before: Values | None
    after: Values | None
    unknown: Values
    expressions: Values

    @property
    def address(self) -> str:
        local = f"{self.type}.{self.name}"
        return f"{self.module_address}.{local}" if self.module_address else local


def actions_of(kind: Kind, fate: Fate) -> tuple[str, ...]:
    if fate == "rescale":
        return ("update",) if kind.type == "aws_appautoscaling_target" else ("no-op",)
    if fate == "redeploy":
        # create_before_destroy: the endpoint is updated in place from the old configuration to the new one
        special = {"aws_sagemaker_endpoint_configuration": ("create", "delete"), "aws_sagemaker_endpoint": ("update",)}
        return special.get(kind.type, ("no-op",))
    return (fate,)


def stored(values: Values) -> Values:
    """As state shows it: a variant's unset scalars read as zero values, and its volume size is there."""
    variants = values.get("production_variants")
    if not variants:
        return values
    texts = {"accelerator_type", "inference_ami_version", "instance_type"}
    filled = [
        {k: v if v is not None else "" if k in texts else 0 for k, v in one.items()} | {"volume_size_in_gb": 0}
        for one in variants
    ]
    return values | {"production_variants": filled}


def resource(kind: Kind, service: Service) -> Resource:
    actions = actions_of(kind, service.fate)
    computed = kind.computed(service, "after")
    unknown: Values = {}
    after: Values | None = kind.given(service, "after")
    if actions == ("delete",):
        after = None
    elif "create" in actions:
        unknown = dict.fromkeys(computed, True)
        if kind.type == "aws_sagemaker_endpoint_configuration":
            unknown["production_variants"] = [{"volume_size_in_gb": True}]
    else:
        follows = service.fate == "redeploy" and "endpoint_config_name" in computed  # the new name is not known yet
        unknown = {"endpoint_config_name": True} if follows else {}
        after = stored(kind.given(service, "after") | {k: v for k, v in computed.items() if k not in unknown})
    before = (
        None if actions == ("create",) else stored(kind.given(service, "before") | kind.computed(service, "before"))
    )
    name = kind.name if service.module else f"{kind.name}_{service.number:05d}"
    module_address = f'module.{service.module}["{service.name}"]' if service.module else None
    expressions = {
        "name": {"references": ["var.name"]} if service.module else {"constant_value": service.name},
        **{attribute: renamed(refs, service) for attribute, refs in kind.references.items()},
    }
    return Resource(kind.type, name, module_address, actions, before, after, unknown, expressions)


def renamed(refs: Values, service: Service) -> Values:
    """References within the service; in the root module the number of the service is part of every name."""
    if service.module:
        return refs
    suffix = f"_{service.number:05d}"
    return {"references": [".".join([*(p := r.split("."))[:1], p[1] + suffix, *p[2:]]) for r in refs["references"]]}


def filler(index: int) -> Resource:
    """A resource that is not about inference, of about 11 kB in all sections together: a policy that stays."""
    statements = [
        {
            "Action": [f"{service}:{verb}*" for verb in ("Get", "List", "Describe", "BatchGet")],
            "Effect": "Allow",
            "Resource": [arn(service, f"team-{index % 97}/{service}-{part}/*") for part in "abc"],
        }
        for service in ("s3", "dynamodb", "sqs", "sns", "kms", "logs", "ecr", "ssm", "events")
    ]
    name = f"team-{index:06d}"
    values = {
        "arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}",
        "attachment_count": 1,
        "description": "what the services of this team may read",
        "id": f"arn:aws:iam::{ACCOUNT}:policy/{name}",
        "name": name,
        "name_prefix": "",
        "path": "/",
        "policy": document(*statements),
        "policy_id": f"ANPA{index:017d}",
        "tags": {"team": name},
        "tags_all": {"team": name},
    }
    expressions = {"name": {"constant_value": name}, "policy": {"references": ["local.statements"]}}
    return Resource("aws_iam_policy", f"team_{index:06d}", None, ("no-op",), values, values, {}, expressions)


def mask(value: object) -> Any:
    """The shape that sensitivity masks have: containers without their scalars."""
    if isinstance(value, dict):
        return {key: mask(item) for key, item in value.items() if isinstance(item, dict | list)}
    if isinstance(value, list):
        return [mask(item) if isinstance(item, dict | list) else False for item in value]
    return False


def change(of: Resource) -> Values:
    if of.after is None or not of.unknown:
        after_unknown: Values = {}
    else:
        after_unknown = mask(of.after)
        for attribute, unknown in of.unknown.items():
            nested = isinstance(unknown, list)
            after_unknown[attribute] = [mask(of.after[attribute][0]) | unknown[0]] if nested else unknown
    entry = {"address": of.address}
    if of.module_address:
        entry["module_address"] = of.module_address
    return entry | {
        "mode": "managed",
        "type": of.type,
        "name": of.name,
        "provider_name": PROVIDER,
        "change": {
            "actions": list(of.actions),
            "before": of.before,
            "after": of.after,
            "after_unknown": after_unknown,
            "before_sensitive": mask(of.before),
            "after_sensitive": mask(of.after),
        },
    }


def state(of: Resource, values: Values) -> Values:
    return {
        "address": of.address,
        "mode": "managed",
        "type": of.type,
        "name": of.name,
        "provider_name": PROVIDER,
        "schema_version": 0,
        "values": values,
        "sensitive_values": mask(values),
    }


def declaration(of: Resource) -> Values:
    return {
        "address": f"{of.type}.{of.name}",
        "mode": "managed",
        "type": of.type,
        "name": of.name,
        "provider_config_key": "aws",
        "expressions": of.expressions,
        "schema_version": 0,
    }


def module_call(services: list[Service]) -> Values:
    """The call of a module; its configuration is written once, whatever the number of its instances."""
    inside = [declaration(resource(kind, services[0])) for kind in KINDS]
    for one in inside:
        if one["type"] == "aws_sagemaker_endpoint_configuration":
            one["expressions"]["name_prefix"] = one["expressions"].pop("name")
            one["expressions"]["production_variants"] = [{
                "initial_instance_count": {"references": ["var.settings"]},
                "instance_type": {"references": ["var.settings"]},
                "model_name": references("aws_sagemaker_model.model.name"),
                "variant_name": {"constant_value": "AllTraffic"},
            }]  # fmt: skip
    return {
        "source": "./modules/endpoint",
        "expressions": {"name": {"references": ["each.key"]}, "settings": {"references": ["each.value"]}},
        "for_each_expression": {"references": ["local.fleet"]},
        "module": {"resources": inside, "variables": {"name": {}, "settings": {}}},
    }


class Plan(NamedTuple):
    """A plan that has yet to be written."""

    resources: int
    """Of services, ten each; the last one may be cut short."""
    fillers: int

    def root(self) -> Iterator[Resource]:
        """The resources of the root module in the order of their addresses."""
        if self.fillers:
            yield from (filler(index) for index in range(self.fillers))
        for kind in KINDS:
            yield from (resource(kind, service) for service in self.services() if service.module is None)

    def modules(self) -> Iterator[list[Resource]]:
        """The resources of each module instance."""
        for service in self.services():
            if service.module is not None:
                yield [resource(kind, service) for kind in KINDS]

    def services(self) -> Iterator[Service]:
        return (Service(index) for index in range(self.resources // RESOURCES_PER_SERVICE))

    def calls(self) -> Iterator[tuple[str, Values]]:
        of_module: dict[str, list[Service]] = {}
        for service in self.services():
            if service.module is not None:
                of_module.setdefault(service.module, []).append(service)
        return ((name, module_call(services)) for name, services in of_module.items())


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def write_array(out: BinaryIO, items: Iterable[object]) -> None:
    out.write(b"[")
    out.writelines(b"," * bool(position) + compact(item) for position, item in enumerate(items))
    out.write(b"]")


def write_values(out: BinaryIO, plan: Plan, when: When) -> None:
    """A module tree of values, as `planned_values` and `prior_state` have it."""

    def present(resources: Iterable[Resource]) -> Iterator[Values]:
        for one in resources:
            values = one.before if when == "before" else one.after
            if values is not None:
                yield state(one, values)

    out.write(b'{"root_module":{"resources":')
    write_array(out, present(plan.root()))
    children = ({"resources": inside, "address": module[0].module_address}
                for module in plan.modules() if (inside := list(present(module))))  # fmt: skip
    out.write(b',"child_modules":')
    write_array(out, children)
    out.write(b"}}")


def write_configuration(out: BinaryIO, plan: Plan) -> None:
    provider = {"name": "aws", "full_name": PROVIDER, "version_constraint": "~> 5.100",
                "expressions": {"region": {"references": ["var.region"]}}}  # fmt: skip
    out.write(b'{"provider_config":' + compact({"aws": provider}) + b',"root_module":{"resources":')
    write_array(out, (declaration(one) for one in plan.root() if one.after is not None))
    out.write(b',"module_calls":' + compact(dict(plan.calls())))
    out.write(b',"variables":' + compact({"region": {"default": REGION}}) + b"}}")


def write_plan(out: BinaryIO, plan: Plan) -> None:
    """Section after section, because a plan of 300 MB need not fit into memory to be written."""
    out.write(b'{"format_version":"1.2","terraform_version":"1.11.4","variables":{"region":{"value":"us-east-1"}}')
    out.write(b',"planned_values":')
    write_values(out, plan, "after")
    out.write(b',"resource_changes":')
    write_array(out, (change(one) for one in plan.root()))
    out.seek(-1, 1)  # the array goes on with the modules
    out.writelines(b"," + compact(change(one)) for module in plan.modules() for one in module)
    out.write(b'],"prior_state":{"format_version":"1.0","terraform_version":"1.11.4","values":')
    write_values(out, plan, "before")
    out.write(b'},"configuration":')
    write_configuration(out, plan)
    out.write(b',"relevant_attributes":[],"timestamp":"2026-01-01T00:00:00Z"')
    out.write(b',"applyable":true,"complete":true,"errored":false}\n')


def fillers_for(megabytes: int) -> int:
    """How many fillers make about that many MB: each stands in four sections."""
    one = filler(0)
    size = sum(len(compact(part)) for part in (state(one, one.before or {}), change(one), declaration(one)))
    return megabytes * 1_000_000 // (size + len(compact(state(one, one.after or {}))))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write a synthetic Terraform plan.")
    parser.add_argument("--resources", type=int, default=10, help="resources of SageMaker services, ten for each (10)")
    parser.add_argument("--megabytes", type=int, default=0, help="fill up with other resources to about this size")
    parser.add_argument("--encoding", default="utf-8", help="utf-8, or utf-16 as PowerShell's > writes it")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    options = parser.parse_args(arguments)
    with options.output.open("wb+") as out:
        write_plan(out, Plan(options.resources, fillers_for(options.megabytes)))
    if options.encoding != "utf-8":
        options.output.write_bytes(options.output.read_text("utf-8").encode(options.encoding))
    return 0


if __name__ == "__main__":
    sys.exit(main())
