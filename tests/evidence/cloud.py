"""AWS on loopback, for what a collection asks: SageMaker, Application Auto Scaling, CloudWatch, tags and STS.

It does as AWS does where moto does not: it pages (ten endpoints a page unless asked for more, 100,800 datapoints a
call), forgets values of a minute after 15 days, wants dimensions exactly but in any order, throttles, and refuses.
Every answer is held against botocore's own shape of it before it is sent, in the protocol that botocore speaks to each
service: JSON, the query protocol, and smithy-rpc-v2-cbor, which some versions speak to CloudWatch.
"""

import json
import re
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import botocore.session
from botocore.parsers import RpcV2CBORParser
from botocore.validate import ParamValidator

ACCOUNT, REGION = "111122223333", "us-east-1"
NOW = datetime(2026, 11, 16, 6, 10, tzinfo=UTC)
"""An hour that ended at 06:00 is ten minutes old."""
_STATISTICS = ("Maximum", "Average", "Sum", "SampleCount")
_RETENTION = {60: 15, 300: 63, 3600: 455}
_MOST_POINTS, _MOST_QUERIES = 100_800, 500
_TARGETS = {
    "SageMaker": "sagemaker",
    "AnyScaleFrontendService": "application-autoscaling",
    "ResourceGroupsTaggingAPI_20170126": "resourcegroupstaggingapi",
    "GraniteServiceVersion20100801": "cloudwatch",
}

_POINTS = ("Timestamps", "Values")

Answer = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - what AWS answers, and no error of the fake's
    """An answer that is an error of AWS's."""

    def __init__(self, code: str, message: str = "refused", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


class Call(NamedTuple):
    """One request that came."""

    at: float
    service: str
    region: str
    action: str
    arguments: Mapping[str, Any]

    @property
    def iam(self) -> str:
        """The action of a policy that allows it."""
        return f"{ {'resourcegroupstaggingapi': 'tag'}.get(self.service, self.service) }:{self.action}"


class Region:
    """What there is in one region. Lists hold the answers of Describe calls, in AWS's own names."""

    def __init__(self) -> None:
        self.endpoints: list[Answer] = []
        self.endpoint_configs: list[Answer] = []
        self.models: list[Answer] = []
        self.inference_components: list[Answer] = []
        self.transform_jobs: list[Answer] = []
        self.scalable_targets: list[Answer] = []
        self.scaling_policies: list[Answer] = []
        self.scheduled_actions: list[Answer] = []
        self.scaling_activities: list[Answer] = []
        self.alarms: list[Answer] = []
        self.tags: dict[str, dict[str, str]] = {}
        """By name of the endpoint."""
        self.series: dict[tuple[str, str, frozenset[tuple[str, str]]], Answer] = {}

    def measure(self, namespace: str, metric: str, dimensions: Mapping[str, str], **series: Any) -> None:
        """Add a series of rows [periods, Maximum, Average, Sum, SampleCount], or [periods, None], from ``start`` on."""
        self.series[namespace, metric, frozenset(dimensions.items())] = {"unit": None, "period": 3600, **series}

    def load(self, account: Mapping[str, Any]) -> None:
        """Add what an ``account.json`` holds."""
        for name in ("endpoints", "endpoint_configs", "models", "inference_components"):
            getattr(self, name).extend(account.get(name, ()))
        for each in account.get("series", ()):
            rest = {key: value for key, value in each.items() if key not in ("namespace", "metric", "dimensions")}
            self.measure(each["namespace"], each["metric"], each["dimensions"], **rest)


class Cloud:
    """The regions of one account, and what goes wrong there."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, checks: bool = True) -> None:
        self.now = NOW
        self.regions: dict[str, Region] = {REGION: Region()}
        self.calls: list[Call] = []
        self.denied: set[str] = set()
        """Actions, or actions with a subject: ``sagemaker:DescribeModel``, ``sagemaker:DescribeModel rank``."""
        self.failing: list[tuple[str, Refusal]] = []
        """What the next calls of an action are refused with, each once."""
        self.unanswered: dict[str, tuple[str, int]] = {}
        """Status codes of queries whose identifier begins so, and how many times they have them."""
        self.lost: set[str] = set()
        """Regions that are not enabled."""
        self.sessions_end = "2026-11-16T07:10:00Z"
        """When credentials of a role expire."""
        self.most_points = _MOST_POINTS
        self.metrics_requested = 0
        self.clock = clock
        self.checks = checks
        self._lock = threading.Lock()

    @property
    def region(self) -> Region:
        """The region of most tests."""
        return self.regions[REGION]

    def count(self, action: str) -> int:
        """How many calls of an action came."""
        return sum(call.action == action for call in self.calls)

    def answer(self, call: Call) -> Answer:
        """What AWS answers to a call. Raises `Refusal`."""
        with self._lock:
            self.calls.append(call)
            for place, (action, refusal) in enumerate(self.failing):
                if action == call.action:
                    del self.failing[place]
                    raise refusal
        if call.service == "sts":
            return self._identity(call)
        if call.region in self.lost:
            raise Refusal("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        name = next((str(value) for key, value in call.arguments.items() if key.endswith("Name")), "")
        if {call.iam, f"{call.iam} {name}"} & self.denied:
            raise Refusal(
                "AccessDeniedException" if call.service != "cloudwatch" else "AccessDenied",
                f"User: arn:aws:iam::{ACCOUNT}:user/reader is not authorized to perform: {call.iam}",
                403 if call.service == "cloudwatch" else 400,
            )
        handler = getattr(self, f"_{call.action}")
        found: Answer = handler(self.regions[call.region], call.arguments)
        return found

    def _identity(self, call: Call) -> Answer:
        if call.action == "GetCallerIdentity":
            return {"UserId": "AIDAEXAMPLE", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/reader"}
        return {
            "Credentials": {
                "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
                "SecretAccessKey": "assumed",
                "SessionToken": "session",
                "Expiration": self.sessions_end,
            }
        }

    # SageMaker -------------------------------------------------------------------------------------------------------

    def _ListEndpoints(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802 - as AWS names it
        keys = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
        items = [{key: _endpoint(each)[key] for key in keys} for each in region.endpoints]
        return _page(items, "Endpoints", asked)

    def _DescribeEndpoint(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _endpoint(_named(region.endpoints, "EndpointName", asked, "endpoint"))

    def _ListEndpointConfigs(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        keys = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        items = [{key: _config(each)[key] for key in keys} for each in region.endpoint_configs]
        return _page(items, "EndpointConfigs", asked)

    def _DescribeEndpointConfig(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _config(_named(region.endpoint_configs, "EndpointConfigName", asked, "endpoint configuration"))

    def _DescribeModel(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        found = _named(region.models, "ModelName", asked, "model")
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/{found['ModelName']}"
        return {"ModelArn": arn, "CreationTime": "2026-09-01T08:00:00Z", **found}

    def _ListInferenceComponents(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        keys = (
            "InferenceComponentName",
            "InferenceComponentArn",
            "EndpointName",
            "EndpointArn",
            "VariantName",
            "CreationTime",
            "LastModifiedTime",
        )
        items = [{key: _component(each)[key] for key in keys} for each in region.inference_components]
        return _page(items, "InferenceComponents", asked)

    def _DescribeInferenceComponent(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        found = _named(region.inference_components, "InferenceComponentName", asked, "inference component")
        return _component(found)

    def _ListTransformJobs(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        keys = ("TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime", "TransformJobStatus")
        after = asked.get("LastModifiedTimeAfter")
        found = [
            each
            for each in region.transform_jobs
            if after is None or datetime.fromisoformat(each["TransformEndTime"]) > after
        ]
        items = [{key: _job(each)[key] for key in keys if key in _job(each)} for each in found]
        return _page(items, "TransformJobSummaries", asked)

    def _DescribeTransformJob(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _job(_named(region.transform_jobs, "TransformJobName", asked, "transform job"))

    # Tags and scaling ------------------------------------------------------------------------------------------------

    def _GetResources(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        def fits(tags: Mapping[str, str]) -> bool:
            filters = asked.get("TagFilters", ())
            return all(each["Key"] in tags and tags[each["Key"]] in each["Values"] for each in filters)

        items = [
            {"ResourceARN": _arn("endpoint", name), "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}
            for name, tags in region.tags.items()
            if fits(tags)
        ]
        found = _page(items, "ResourceTagMappingList", asked, "ResourcesPerPage", "PaginationToken", 50)
        found.setdefault("PaginationToken", "")
        return found

    def _DescribeScalableTargets(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _page(region.scalable_targets, "ScalableTargets", asked, default=50)

    def _DescribeScalingPolicies(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _page(region.scaling_policies, "ScalingPolicies", asked, default=10)

    def _DescribeScheduledActions(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _page(region.scheduled_actions, "ScheduledActions", asked, default=50)

    def _DescribeScalingActivities(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return _page(region.scaling_activities, "ScalingActivities", asked, default=50)

    # CloudWatch ------------------------------------------------------------------------------------------------------

    def _DescribeAlarms(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        return {"MetricAlarms": [each for each in region.alarms if each["AlarmName"] in asked["AlarmNames"]]}

    def _ListMetrics(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        wanted = (asked["Namespace"], asked["MetricName"])
        items = [
            {"Namespace": space, "MetricName": metric, "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions]}
            for space, metric, dimensions in region.series
            if (space, metric) == wanted
        ]
        return _page(items, "Metrics", asked, default=500)

    def _GetMetricData(self, region: Region, asked: Mapping[str, Any]) -> Answer:  # noqa: N802
        queries = asked["MetricDataQueries"]
        if len(queries) > _MOST_QUERIES:
            raise Refusal("ValidationError", "The collection MetricDataQueries must not have a size greater than 500.")
        first, skipped = (int(part) for part in asked.get("NextToken", "0 0").split())
        if not first and not skipped:
            self.metrics_requested += len(queries)
        results: list[Answer] = []
        left = self.most_points
        for place in range(first, len(queries)):
            status = self._status_of(queries[place]["Id"])
            points = [] if status else self._points(region, queries[place], asked)
            some = points[skipped : skipped + left]
            is_last = skipped + len(some) == len(points)
            left -= len(some)
            results.append(
                {
                    "Id": queries[place]["Id"],
                    "Label": queries[place]["MetricStat"]["Metric"]["MetricName"],
                    "StatusCode": status or ("Complete" if is_last else "PartialData"),
                    "Timestamps": [at for at, _ in some],
                    "Values": [value for _, value in some],
                }
            )
            if not is_last or (left == 0 and place + 1 < len(queries)):
                following = f"{place + 1} 0" if is_last else f"{place} {skipped + len(some)}"
                return {"MetricDataResults": results, "NextToken": following, "Messages": []}
            skipped = 0
        return {"MetricDataResults": results, "Messages": []}

    def _status_of(self, identifier: str) -> str:
        for beginning, (status, times) in self.unanswered.items():
            if identifier.startswith(beginning) and times > 0:
                self.unanswered[beginning] = (status, times - 1)
                return status
        return ""

    def _points(self, region: Region, query: Answer, asked: Mapping[str, Any]) -> list[tuple[datetime, float]]:
        stat = query["MetricStat"]
        metric, period = stat["Metric"], stat["Period"]
        dimensions = frozenset((each["Name"], each["Value"]) for each in metric.get("Dimensions", ()))
        series = region.series.get((metric["Namespace"], metric["MetricName"], dimensions))
        if series is None or stat.get("Unit") not in (None, series["unit"]) or period < series["period"]:
            return []
        start, end = asked["StartTime"], asked["EndTime"]
        oldest = self.now - timedelta(days=_RETENTION[max(each for each in _RETENTION if each <= period)])
        if "points" not in series:
            series["points"] = list(_rows(series))
        found = [(at, row) for at, row in series["points"] if start <= at < end and at >= oldest]
        points = _aggregated(found, stat["Stat"], period) if period > series["period"] else _plain(found, stat["Stat"])
        return points if asked.get("ScanBy") == "TimestampAscending" else points[::-1]


def _plain(rows: list[tuple[datetime, list[float]]], statistic: str) -> list[tuple[datetime, float]]:
    if statistic == "Minimum":
        return [(at, row[4] if len(row) > len(_STATISTICS) else row[1]) for at, row in rows]
    place = _STATISTICS.index(statistic)
    return [(at, float(row[place])) for at, row in rows]


def _aggregated(rows: list[tuple[datetime, list[float]]], statistic: str, period: int) -> list[tuple[datetime, float]]:
    """Values of a longer period than they were published in, on that period's own grid."""
    together: dict[int, list[list[float]]] = {}
    for at, row in rows:
        together.setdefault(int(at.timestamp()) // period * period, []).append(row)
    found = []
    for seconds, some in sorted(together.items()):
        total, samples = sum(row[2] for row in some), sum(row[3] for row in some)
        value = {
            "Maximum": max(row[0] for row in some),
            "Sum": total,
            "SampleCount": samples,
            "Average": total / samples if samples else 0.0,
        }[statistic]
        found.append((datetime.fromtimestamp(seconds, UTC), float(value)))
    return found


def _rows(series: Mapping[str, Any]) -> Iterator[tuple[datetime, list[float]]]:
    at, step = datetime.fromisoformat(series["start"]), timedelta(seconds=series["period"])
    for periods, *row in series["rows"]:
        for _ in range(periods):
            if row[0] is not None:
                yield at, row
            at += step


def _page(
    items: list[Answer],
    key: str,
    asked: Mapping[str, Any],
    most: str = "MaxResults",
    token: str = "NextToken",  # noqa: S107 - the name of a parameter
    default: int = 10,
) -> Answer:
    start, size = int(asked.get(token) or 0), int(asked.get(most, default))
    found: Answer = {key: items[start : start + size]}
    if start + size < len(items):
        found[token] = str(start + size)
    return found


def _named(items: list[Answer], key: str, asked: Mapping[str, Any], what: str) -> Answer:
    found = next((each for each in items if each[key] == asked[key]), None)
    if found is None:
        raise Refusal("ValidationException", f'Could not find {what} "{asked[key]}".')
    return found


def _arn(kind: str, name: str) -> str:
    """SageMaker writes names in ARNs in lower case."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name.lower()}"


def _endpoint(each: Answer) -> Answer:
    return {
        "EndpointArn": _arn("endpoint", each["EndpointName"]),
        "LastModifiedTime": each["CreationTime"],
        "EndpointStatus": "InService",
        **each,
    }


def _config(each: Answer) -> Answer:
    return {"EndpointConfigArn": _arn("endpoint-config", each["EndpointConfigName"]), **each}


def _component(each: Answer) -> Answer:
    return {
        "InferenceComponentArn": _arn("inference-component", each["InferenceComponentName"]),
        "EndpointArn": _arn("endpoint", each["EndpointName"]),
        "LastModifiedTime": each["CreationTime"],
        **each,
    }


def _job(each: Answer) -> Answer:
    return {
        "TransformJobArn": _arn("transform-job", each["TransformJobName"]),
        "TransformJobStatus": "Completed",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in/"}}},
        **each,
    }


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# Protocols -----------------------------------------------------------------------------------------------------------


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _checked(answer: Answer, service: str, action: str) -> Answer:
    """An answer, held against botocore's shape of it: nothing that AWS would not say."""
    shape = _model(service).operation_model(action).output_shape
    whole = answer
    if action == "GetMetricData":  # a few of a hundred thousand points
        some = answer["MetricDataResults"][:20]
        short = [{**each, **{key: each[key][:2] for key in _POINTS}} for each in some]
        whole = {**answer, "MetricDataResults": short}
    report = ParamValidator().validate(whole, shape)
    assert not report.has_errors(), f"{action}: {report.generate_report()}"
    return answer


def _in_json(value: Any, shape: Any) -> Any:
    """A value as JSON 1.1 has it: times are seconds."""
    if shape.type_name == "structure":
        return {key: _in_json(each, shape.members[key]) for key, each in value.items()}
    if shape.name == "Timestamps":
        return [each.timestamp() for each in value]
    if shape.type_name == "list":
        return [_in_json(each, shape.member) for each in value]
    if shape.type_name == "timestamp":
        return value.timestamp() if isinstance(value, datetime) else _seconds(value)
    return value


def _cbor(value: Any) -> bytes:
    """A value in CBOR, of the kinds that CloudWatch answers with (RFC 8949)."""
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(_cbor(key) + _cbor(each) for key, each in value.items())
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_cbor, value))
    if isinstance(value, str):
        encoded = value.encode()
        return _head(3, len(encoded)) + encoded
    if isinstance(value, datetime):
        return b"\xc1" + _head(0, int(value.timestamp()))
    return b"\xfb" + struct.pack(">d", value) if isinstance(value, float) else _head(0, value)


def _head(kind: int, number: int) -> bytes:
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 24:
            return bytes([kind << 5 | number])
        if number < 1 << 8 * size:
            return bytes([kind << 5 | extra]) + number.to_bytes(size, "big")
    raise OverflowError(number)


def _in_xml(answer: Answer, action: str) -> bytes:
    def inner(value: Any) -> str:
        if isinstance(value, dict):
            return "".join(f"<{key}>{inner(each)}</{key}>" for key, each in value.items())
        return str(value)

    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    result = f"<{action}Result>{inner(answer)}</{action}Result>"
    return f'<{action}Response xmlns="{namespace}">{result}</{action}Response>'.encode()


def _with_times(asked: Answer) -> Answer:
    """Arguments with their times, which JSON has as seconds."""
    return {
        key: datetime.fromtimestamp(value, UTC) if "Time" in key and isinstance(value, (int, float)) else value
        for key, value in asked.items()
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: two of them wait 40 ms for each other
    disable_nagle_algorithm = True
    cloud: Cloud

    def log_message(self, *_: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header: the service's own time."""
        del timestamp
        return format_datetime(self.cloud.now, usegmt=True)

    def do_POST(self) -> None:
        """Answer one call in the protocol in which it came."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/", self.headers.get("Authorization", ""))
        region = scope[1] if scope else ""
        service, action, arguments = self._asked(body)
        cloud = self.cloud
        try:
            answer = cloud.answer(Call(cloud.clock(), service, region, action, arguments))
            if cloud.checks:
                _checked(answer, service, action)
        except Refusal as refusal:
            self._refuse(service, refusal)
            return
        if self._is_cbor:
            self._send(200, _cbor(answer), "application/cbor")
        elif service == "sts":
            self._send(200, _in_xml(answer, action), "text/xml")
        else:
            shape = _model(service).operation_model(action).output_shape
            self._send(200, json.dumps(_in_json(answer, shape)).encode(), "application/x-amz-json-1.1")

    @property
    def _is_cbor(self) -> bool:
        return self.headers.get("smithy-protocol") == "rpc-v2-cbor"

    def _asked(self, body: bytes) -> tuple[str, str, Mapping[str, Any]]:
        target = self.headers.get("X-Amz-Target")
        if target:
            prefix, _, action = target.rpartition(".")
            return _TARGETS[prefix], action, _with_times(json.loads(body or b"{}"))
        if self._is_cbor:
            parser = RpcV2CBORParser(timestamp_parser=lambda seconds: datetime.fromtimestamp(seconds, UTC))
            arguments = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)) if body else {}
            return "cloudwatch", self.path.rpartition("/")[2], arguments
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        return "sts", form["Action"], form

    def _refuse(self, service: str, refusal: Refusal) -> None:
        said = {"__type": refusal.code, "message": refusal.message}
        if service == "sts":
            error = f"<Error><Type>Sender</Type><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            self._send(refusal.status, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "text/xml")
        elif self._is_cbor:
            self._send(refusal.status, _cbor(said), "application/cbor")
        else:
            self._send(refusal.status, json.dumps(said).encode(), "application/x-amz-json-1.1")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if kind == "application/cbor":
            self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(cloud: Cloud) -> Iterator[str]:
    """The address at which the cloud answers."""
    handler = type("Handler", (_Handler,), {"cloud": cloud})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def most_in_a_second(calls: list[Call], chosen: Callable[[Call], bool]) -> int:
    """The most calls that came in any second in one region."""
    most = 0
    by_region: dict[str, list[float]] = {}
    for call in calls:
        if chosen(call):
            by_region.setdefault(call.region, []).append(call.at)
    for times in by_region.values():
        times.sort()
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
    return most


def actions(cloud: Cloud) -> Counter[str]:
    """How often each IAM action was asked."""
    return Counter(call.iam for call in cloud.calls)
