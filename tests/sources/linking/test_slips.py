"""Names that are another's but for one letter."""

import pytest

from guardrail.sources.linking.slips import is_slip


@pytest.mark.parametrize(
    "name",
    ["chat-modle", "chat-modl", "chat-moodel", "chat-modell", "chat-mobel", "chat-mode", "hcat-model", "Chat-model"],
)
def test_one_letter_of_a_word_is_a_slip(name: str) -> None:
    assert is_slip(name, "chat-model")
    assert is_slip("chat-model", name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("chat-v1", "chat-v2"),
        ("chat-model", "chat-model2"),
        ("chat-model", "chat-models"),
        ("chat-models-v", "chat-model-v"),
        ("chat-a", "chat-b"),
        ("chat-a", "chat"),
        ("ocr-test", "ocr-text"),
        ("chat-model", "chat_model"),
        ("chatmodel", "chat-model"),
        ("chat-model-12", "chat-model-21"),
        ("chat-modle", "caht-model"),
        ("chat-model", "chat-model"),
        ("", "a"),
    ],
)
def test_what_tells_names_apart_is_no_slip(name: str, other: str) -> None:
    assert not is_slip(name, other)
    assert not is_slip(other, name)
