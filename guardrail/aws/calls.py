"""boto3's clients as every part asks for them, and what a call of theirs answers or is refused with."""

from collections.abc import Callable, Iterator
from typing import Any

from guardrail.errors import AWSError


def client(service: str, region: str | None = None) -> Any:
    """A client with the caller's own credentials, and their region where none is named; making one takes 0.3 s.

    Raises ImportError without boto3.
    """
    import boto3
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=60)
    return boto3.Session().client(service, region_name=region, config=config)


def called(call: Callable[..., Any], **arguments: Any) -> Any:
    """What a call answers. Raises `AWSError` with what AWS says."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise AWSError(
            f"AWS refused: {str(error).splitlines()[0]}", hint="guardrail bills athena-setup prints the policy"
        ) from error


def pages(call: Callable[..., Any], token: str, following: str | None = None, **arguments: Any) -> Iterator[Any]:
    """Every page that a call answers with, one by one. Raises `AWSError`.

    ``token`` is what asks for the next page, and ``following`` where a page says it, if that is named otherwise.
    """
    more: dict[str, str] = {}
    while True:
        page = called(call, **arguments, **more)
        yield page
        found = page.get(following or token)
        if found is None:
            return
        more = {token: found}
