"""What the name of a container image says: its registry, and what it was built for.

``763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.3-cpu-py311`` is an image of AWS's for CPUs. Only of
AWS's own registries a tag means that: "Available Deep Learning Containers Images" (github.com/aws/deep-learning-
containers) and "Docker Registry Paths and Example Code" of the SageMaker developer guide list them.
"""

from functools import lru_cache
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.expressions import expression

Processor: TypeAlias = Literal["cpu", "gpu", "neuron"]

_ECR = expression(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+))?(?:@.*)?")
_WORD = expression(r"[^a-z0-9]+")
_OF_AWS = frozenset(
    {
        "763104351884",  # Deep Learning Containers, in most regions
        "871362719292",  # ap-east-1
        "626614931356",  # af-south-1
        "692866216735",  # eu-south-1
        "217643126080",  # me-south-1
        "907027046896",  # ap-southeast-3
        "364406365360",  # ap-northeast-3
        "727897471807",  # China
        "442386744353",  # GovCloud
        "683313688378",  # scikit-learn and XGBoost, us-east-1
        "257758044811",  # us-east-2
        "746614075791",  # us-west-1
        "246618743249",  # us-west-2
        "341280168497",  # ca-central-1
        "737474898029",  # sa-east-1
        "141502667606",  # eu-west-1
        "764974769150",  # eu-west-2
        "659782779980",  # eu-west-3
        "492215442770",  # eu-central-1
        "662702820516",  # eu-north-1
        "121021644041",  # ap-southeast-1
        "783357654285",  # ap-southeast-2
        "354813040037",  # ap-northeast-1
        "366743142698",  # ap-northeast-2
        "720646828776",  # ap-south-1
    }
)


class Image(Struct, frozen=True, kw_only=True):
    """An image in a registry of ECR."""

    account: str
    region: str
    repository: str
    tag: str

    @property
    def of_aws(self) -> bool:
        """Whether AWS publishes it."""
        return self.account in _OF_AWS

    @property
    def processor(self) -> Processor | None:
        """What it was built for; None where its tag does not say, or it is none of AWS's."""
        words = set(_WORD.split(f"{self.repository}-{self.tag}".lower()))
        kinds: set[Processor] = {kind for kind, said in _SAID.items() if words & said}
        return kinds.pop() if self.of_aws and len(kinds) == 1 else None


_SAID: dict[Processor, frozenset[str]] = {
    "cpu": frozenset({"cpu"}),
    "gpu": frozenset({"gpu"}),
    "neuron": frozenset({"neuron", "neuronx"}),
}


@lru_cache(maxsize=1024)
def image_of(path: str) -> Image | None:
    """The image at a path of ECR; None where it lies elsewhere."""
    found = _ECR.fullmatch(path)
    if found is None:
        return None
    return Image(account=found[1], region=found[2], repository=found[3], tag=found[4] or "")
