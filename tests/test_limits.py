import pytest

from guardrail.errors import GuardrailError
from guardrail.limits import Allowance

WORDS = {"text": "makes more than 3 characters of text", "values": "makes more than 3 values", "steps": "more than 3"}


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_charges_count_in_sum_and_pass_up_to_the_limit(kind: str) -> None:
    charge = getattr(Allowance(text=3, values=3, steps=3), kind)
    charge(1)
    charge(2)
    charge(0)
    with pytest.raises(GuardrailError, match=WORDS[kind]):
        charge(1)


def test_what_is_used_up_stays_so() -> None:
    allowance = Allowance(steps=1)
    for _ in range(2):
        with pytest.raises(GuardrailError):
            allowance.steps(5)
    with pytest.raises(GuardrailError):
        allowance.steps(0)


def test_one_kind_does_not_use_up_another() -> None:
    allowance = Allowance(text=1, values=1, steps=1)
    allowance.text(1)
    allowance.values(1)
    allowance.steps()
