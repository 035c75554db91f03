"""The example in the documentation of `ScalingLinks`, from what blocks declare to what an endpoint is told."""

from typing import Any

from guardrail.model import ScalableTarget, TargetTrackingPolicy
from guardrail.sources.declarations import Declaration
from guardrail.sources.linking.index import Declarations
from guardrail.sources.linking.scaling import ScalingLinks
from tests.sources.resources import declared

COUNT = "sagemaker:variant:DesiredInstanceCount"
CHAT = {"EndpointName": "chat", "EndpointConfigName": "chat"}
