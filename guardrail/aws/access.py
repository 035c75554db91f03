"""One account as read with somebody's credentials: who it is, its clients by region, and what a refusal means.

Only what reads is ever called, and a role that is named is assumed for it. A refusal that would meet every further
call, of credentials, of a clock or of a region, ends that at once; any other leaves a gap, and the rest is answered.
"""

import os
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, Protocol

from guardrail.aws.pace import DATAPOINTS_PER_S, DESCRIBES_PER_S, METRIC_CALLS_PER_S, Clock, Pace
from guardrail.errors import AWSError, MissingExtraError, did_you_mean

_REGION: Final = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d{1,2}")
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_HOMES: Final = {"cn-": "cn-north-1", "us-gov-": "us-gov-west-1"}
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_INVALID: Final = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure", "OptInRequired"}
)
_SIGNATURE: Final = frozenset(
    {
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "RequestInTheFuture",
    }
)
_UNREACHABLE: Final = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError")
_NO_CREDENTIALS: Final = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "SSOError",
    "TokenRetrievalError",
    "RefreshWithMFAUnsupportedError",
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"})
_THROTTLED: Final = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException"}
)
_MOST_SKEW: Final = timedelta(minutes=4)
"""AWS refuses signatures that are five minutes off."""
_LONGEST_REASON: Final = 300
_ATTEMPTS: Final = 8
_FEW_ATTEMPTS: Final = 3
"""Of what tells at once whether there is a way to AWS at all: who one is, and a region that boto3 does not know."""
_MOST_MOMENTS: Final = 50_000
"""Times that are kept: 14 days of minutes are 20,160."""
_PAGE_SIZES: Final = {"sagemaker": 100, "resourcegroupstaggingapi": 100}
"""As many items as a page may have; SageMaker would give ten."""
_CODE: Final = "aws sts get-session-token --serial-number ARN --token-code CODE gives credentials that need none"
_SIGN_IN: Final = "aws sts get-caller-identity shows whether they work; aws sso login renews those of a profile"


class CallRefusedError(AWSError):
    """A call that AWS did not answer; the rest may still be asked. ``reason`` is what AWS says, in one line."""

    def __init__(self, call: str, code: str, reason: str) -> None:
        self.call = call
        self.code = code
        self.reason = reason
        allowed, later = "the policy in docs/evidence.md allows every call", "give the same command again later"
        super().__init__(f"{call}: {reason}", hint=allowed if self.is_denied else later)

    @property
    def is_denied(self) -> bool:
        """Whether the credentials may not ask it, so that asking again is of no use."""
        return self.code in _DENIED

    @property
    def is_throttled(self) -> bool:
        """Whether AWS refused every attempt because calls came too often."""
        return self.code in _THROTTLED


class RegionError(AWSError):
    """A region that answers nothing: it is not enabled for the account, or there is none of that name."""


class UnknownSubjectError(AWSError):
    """A name or a tag that no region has, or that nobody may look up: the next run will be of something else."""


class CredentialsError(AWSError):
    """Credentials that are missing, expired or refused, so that nothing more can be asked."""


def check_region(region: str) -> str:
    """The region, which becomes part of the name of a host. Raises `AWSError` for anything else."""
    if not _REGION.fullmatch(region):
        raise AWSError(f"{region[:80]!r} is no region", hint="--region us-east-1")
    return region


class Listing(Protocol):
    """A call that answers with a list, in pages."""

    @property
    def service(self) -> str:
        """boto3's name of the service."""

    @property
    def operation(self) -> str:
        """boto3's name of the call."""

    @property
    def key(self) -> str:
        """Where a page has its items."""

    @property
    def most(self) -> int | None:
        """How many items are read; all where it is None."""


class Access:
    """The clients of one account, each attempt of theirs at the pace that the service allows."""

    def __init__(self, *, profile: str | None, role_arn: str | None, region: str | None, clock: Clock) -> None:
        """Raises `AWSError` where there are no credentials, or a role cannot be assumed."""
        self._clock = clock
        self._clients: dict[tuple[str, str], Any] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._session = _session(profile)
        found = region or self._session.region_name or os.environ.get("AWS_REGION")
        if not found:
            raise AWSError("no region is named, and the configuration has none", hint="--region us-east-1")
        self.region: str = check_region(found)
        """The region of whoever named none."""
        self._home = next((home for prefix, home in _HOMES.items() if self.region.startswith(prefix)), "us-east-1")
        if role_arn is not None:
            self._session = self._assumed(role_arn)
        answer = self.ask("sts", self._home, "get_caller_identity")
        self.account = str(answer["Account"])
        self.now = answered_at(answer)
        """The moment of the first answer, by the service's own clock."""

    @property
    def known_regions(self) -> frozenset[str]:
        """The regions in which this version of boto3 knows SageMaker; AWS may have more."""
        found = self._session.get_available_partitions()
        return frozenset(
            region for each in found for region in self._session.get_available_regions("sagemaker", partition_name=each)
        )

    def stop(self) -> None:
        """Refuse every further call, so that whoever asks beside a run that has failed ends, too."""
        self._stopped = True

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region, of which there is one."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._made(service, region)
            return self._clients[service, region]

    def pace(self, kind: str, region: str, per_second: float) -> Pace:
        """The turns of one kind of call in a region."""
        return self._paces.setdefault((kind, region), Pace(per_second, self._clock))

    def ask(self, service: str, region: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """What one call answers. Raises `CallRefusedError`, `RegionError` or `CredentialsError`."""
        client = self.client(service, region)
        answer: dict[str, Any] = self.answered(
            service, region, operation, lambda: getattr(client, operation)(**arguments)
        )
        return answer

    def every(self, region: str, listing: Listing, **arguments: Any) -> list[dict[str, Any]]:
        """All items of all pages of a call, in their order. Raises as `ask` does."""
        service, operation = listing.service, listing.operation
        paginator = self.client(service, region).get_paginator(operation)
        paging = {"MaxItems": listing.most, "PageSize": _PAGE_SIZES.get(service)}
        pages = paginator.paginate(PaginationConfig=paging, **arguments)
        found: list[dict[str, Any]] = self.answered(
            service, region, operation, lambda: [item for page in pages for item in page.get(listing.key, ())]
        )
        return found

    def answered(self, service: str, region: str, operation: str, call: Callable[[], Any]) -> Any:
        """What ``call`` returns, its errors as ours."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._stopped:
            raise CredentialsError("the run was ended")
        try:
            return call()
        except ClientError as error:
            raise _refusal(error, _action(service, operation), service, region) from error
        except BotoCoreError as error:
            raise self._failure(error, _action(service, operation), region) from error
        except EOFError as error:  # of the question for a code
            raise CredentialsError("the profile wants a code of MFA, which nobody can type here", hint=_CODE) from error
        except RuntimeError as error:  # botocore's own, of credentials that end before they begin
            if "credentials" not in str(error):
                raise
            told = f"the AWS credentials could not be renewed: {_one_line(error)}"
            raise CredentialsError(told, hint="is the clock of this machine right?") from error

    def _failure(self, error: Any, call: str, region: str) -> AWSError:
        """What a call came to that AWS did not answer at all."""
        from botocore import exceptions

        text = _one_line(error)
        if isinstance(error, _of(exceptions, _UNREACHABLE)):
            near = "" if region in self.known_regions else did_you_mean(region, self.known_regions)
            return RegionError(
                f"{region} cannot be reached{near}: {text}", hint="is there such a region, and a way to it from here?"
            )
        if isinstance(error, _of(exceptions, _NO_CREDENTIALS)):
            return CredentialsError(text, hint=_SIGN_IN)
        return CallRefusedError(call, type(error).__name__, f"{type(error).__name__}: {text}")

    def _made(self, service: str, region: str) -> Any:
        from botocore.config import Config

        is_known = service != "sts" and region in self.known_regions
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": _ATTEMPTS if is_known else _FEW_ATTEMPTS},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=8,
        )
        client = self._session.client(service, region_name=region, config=config)
        client.meta.events.register("before-send", self._turn(service, region))
        return client

    def _turn(self, service: str, region: str) -> Callable[..., None]:
        """What each attempt goes through before it is sent: retries too, so that none breaks the pace."""
        others = self.pace(service, region, DESCRIBES_PER_S)
        of_metrics = self.pace("GetMetricData", region, METRIC_CALLS_PER_S)

        def wait(event_name: str, **_: Any) -> None:
            (of_metrics if event_name.endswith(".GetMetricData") else others).wait()

        return wait

    def _assumed(self, role_arn: str) -> Any:
        import boto3

        if not _ROLE.fullmatch(role_arn):
            raise AWSError(f"{role_arn[:120]!r} is no role", hint="--role-arn arn:aws:iam::111122223333:role/reader")
        answer = self.ask("sts", self._home, "assume_role", RoleArn=role_arn, RoleSessionName="guardrail")
        self._clients.clear()
        found = answer["Credentials"]
        return boto3.Session(
            botocore_session=_core(),
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
            region_name=self.region,
        )


def datapoints(access: Access, region: str) -> Pace:
    """The turns of datapoints of GetMetricData in a region."""
    return access.pace("datapoints", region, DATAPOINTS_PER_S)


def answered_at(answer: dict[str, Any]) -> datetime:
    """The moment of an answer by the service's own clock, which its Date header has; UTC.

    ``Mon, 16 Nov 2026 06:00:00 GMT`` is 06:00. Raises `AWSError` without one.
    """
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except (TypeError, ValueError):
        raise AWSError("AWS answered without the time of day", hint="does a proxy leave out the Date header?") from None


def _session(profile: str | None) -> Any:
    try:
        import boto3
    except ImportError as error:
        raise MissingExtraError(
            "reading metrics needs boto3, which is not installed", hint="pip install 'guardrail-sagemaker[aws]'"
        ) from error
    from botocore.exceptions import BotoCoreError, ProfileNotFound

    try:
        session = boto3.Session(botocore_session=_core(), profile_name=profile)
        found = session.get_credentials()
    except ProfileNotFound as error:
        raise CredentialsError(_one_line(error), hint="aws configure list-profiles") from error
    except BotoCoreError as error:
        raise CredentialsError(_one_line(error), hint=_SIGN_IN) from error
    if found is None:
        raise CredentialsError("there are no AWS credentials", hint="--profile NAME, or AWS_PROFILE; aws configure")
    return session


def _core() -> Any:
    """What boto3 sits on, which reads times as `_moment` does."""
    import botocore.session

    core = botocore.session.Session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return core


@lru_cache(_MOST_MOMENTS)
def _moment(value: Any) -> datetime:
    """A time of an answer, seconds since 1970 or a text, in UTC; boto3's own reader gives it in the machine's zone.

    The same hours come for each of 300 series: as one object each, they take a tenth of the memory and of the time.
    """
    from botocore.utils import parse_timestamp

    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    found: datetime = parse_timestamp(value)
    return found.astimezone(UTC)


def _action(service: str, operation: str) -> str:
    """The IAM action of a call: ``sagemaker:DescribeEndpoint`` of ``describe_endpoint``."""
    prefix = {"resourcegroupstaggingapi": "tag"}.get(service, service)
    return f"{prefix}:{''.join(word.capitalize() for word in operation.split('_'))}"


def _refusal(error: Any, call: str, service: str, region: str) -> AWSError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    reason = f"{code}: {error.response.get('Error', {}).get('Message', '')}"[:_LONGEST_REASON].splitlines()[0]
    if code in _EXPIRED:
        return CredentialsError(f"the AWS credentials have expired: {reason}", hint=_SIGN_IN)
    if code in _SIGNATURE:
        return CredentialsError(f"AWS refuses the signature: {reason}", hint=_clock_hint(error.response))
    if code in _INVALID and service == "sts":
        return CredentialsError(f"AWS refuses the credentials: {reason}", hint=_SIGN_IN)
    if code in _INVALID:
        return RegionError(
            f"{region} does not answer for this account: {reason}",
            hint=f"aws account get-region-opt-status --region-name {region} shows whether it is enabled",
        )
    return CallRefusedError(call, code, reason)


def _clock_hint(response: dict[str, Any]) -> str:
    """What to do about a signature: set the clock, where that is what is wrong."""
    try:
        skew = datetime.now(UTC) - answered_at(response)
    except AWSError:
        skew = timedelta(0)
    if abs(skew) < _MOST_SKEW:
        return _SIGN_IN
    minutes = round(abs(skew).total_seconds() / 60)
    return f"the clock of this machine is {minutes:,} minutes {'ahead of' if skew > timedelta(0) else 'behind'} AWS's"


def _of(exceptions: Any, names: tuple[str, ...]) -> tuple[type[Exception], ...]:
    """The errors of botocore that have these names; not every version has all."""
    return tuple(getattr(exceptions, name) for name in names if hasattr(exceptions, name))


def _one_line(error: Exception) -> str:
    """What an error says, as our messages do: in lower case, without its full stop."""
    text = (str(error).splitlines() or [type(error).__name__])[0][:_LONGEST_REASON].rstrip(".")
    return text[:1].lower() + text[1:]
