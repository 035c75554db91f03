"""What an endpoint is known by from one run to the next, whatever its block is called and wherever it stands."""

from guardrail.expressions import expression
from guardrail.model import Endpoint

_ONLY_INSTANCE = expression(r"\[0\](?=\.|$)")
"""A block that gets ``count = 1`` is the same block."""


def identity(endpoint: Endpoint) -> str:
    """Its name and region where both are known, so that `moved` and new indexes carry it along; else its address.

    ``ranker@eu-central-1``; an endpoint whose name AWS will generate: ``module.m.aws_sagemaker_endpoint.this``, with or
    without ``[0]``.
    """
    if isinstance(endpoint.name, str) and isinstance(endpoint.region, str):
        return f"{endpoint.name}@{endpoint.region}"
    return of_address(endpoint.address)


def of_address(address: str) -> str:
    """What an endpoint without a known name is known by: ``aws_sagemaker_endpoint.e`` of ``…e[0]``, for one is all."""
    return _ONLY_INSTANCE.sub("", address)
