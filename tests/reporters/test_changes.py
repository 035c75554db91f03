"""What a change does to an endpoint, in words."""

import pytest
from msgspec import structs

from guardrail.model import Unknown
from guardrail.report import Difference, Told
from guardrail.reporters.changes import Piece, phrases, plain
from tests.reporters.reports import docs

SECRET = Unknown("sensitive")


def words(*differences: Difference, kind: str = "terraform-plan") -> list[str]:
    return [plain(phrase) for phrase in phrases(structs.replace(docs(), differences=differences), kind)]


def of_variant(what: str, before: Told, after: Told, name: str | None = "main") -> Difference:
    return Difference(part="variant", name=name, what=what, before=before, after=after)


@pytest.mark.parametrize(
    ("what", "before", "after", "said"),
    [
        ("instance_type", "ml.m5.large", "ml.m5.12xlarge", "ml.m5.large → ml.m5.12xlarge"),
        ("instance_type", "ml.m5.large", Unknown("later"), "ml.m5.large → unknown"),
        ("instance_type", SECRET, SECRET, "(sensitive) → (sensitive)"),
        ("initial_instance_count", 2, 4, "2 → 4 instances"),
        ("volume_size_gb", None, 30, "volume default → 30 GB"),
        ("min_capacity", 0, 1, "min_capacity 0 → 1"),
        ("scaling", None, "1 to 4", "autoscaling 1 to 4"),
        ("scaling", "1 to 4", None, "no autoscaling any more, 1 to 4 before"),
        ("provisioned_concurrency", None, 5, "5 slots kept warm"),
        ("provisioned_concurrency", 5, None, "no slots kept warm, 5 before"),
        ("provisioned_concurrency", 5, 8, "5 → 8 slots kept warm"),
        ("memory_mib", 2048, 4096, "2,048 → 4,096 MB"),
        ("scaling_policies", None, "1 policy", "scaling policies none → 1 policy"),
        ("weight", 1.0, 0.5, "weight 1 → 0.5"),
        ("variant", "2 × ml.m5.large", None, "variant main gone, 2 × ml.m5.large"),
        ("shadow_variant", None, "2 × ml.c5.4xlarge", "new shadow variant main, 2 × ml.c5.4xlarge"),
        ("variant", "1 × ml.g5.xlarge", "serverless, 2048 MB", "1 × ml.g5.xlarge → serverless, 2048 MB"),
    ],
)
def test_a_difference_is_a_phrase(what: str, before: Told, after: Told, said: str) -> None:
    assert words(of_variant(what, before, after)) == [said]


def test_arguments_follow_the_language_of_the_source() -> None:
    assert words(of_variant("min_capacity", 0, 1), kind="cloudformation") == ["MinCapacity 0 → 1"]


def test_several_variants_are_told_apart() -> None:
    first, second = of_variant("min_capacity", 0, 1, "a"), of_variant("min_capacity", 1, 2, "b")
    assert words(first, second) == ["a: min_capacity 0 → 1", "b: min_capacity 1 → 2"]


def test_tags_are_counted_and_one_is_named() -> None:
    team = Difference(part="endpoint", name=None, what="tags.team", before="a", after="b")
    assert words(team) == ["tag team a → b"]
    assert words(team, structs.replace(team, what="tags.env")) == ["2 tags"]


def test_types_and_arguments_are_code_and_what_is_unknown_is_not() -> None:
    item = structs.replace(docs(), differences=(of_variant("instance_type", "ml.m5.large", Unknown("later")),))
    assert phrases(item, "terraform-plan") == [(Piece("ml.m5.large", is_code=True), Piece(" → "), Piece("unknown"))]


def test_hostile_text_is_inert() -> None:
    assert words(of_variant("instance_type", "a\x1b[31m", "b\n## c")) == [r"a\x1b[31m → b\n#\x23 c"]


def test_what_is_no_longer_managed_is_still_billed() -> None:
    item = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, change="forget"))
    assert [plain(phrase) for phrase in phrases(item, "terraform-plan")] == ["no longer managed, still billed"]
