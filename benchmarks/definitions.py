"""A state machine of 2,000 jobs and 1.2 MB, beside a decoder that does nothing else with it.

JSON is held beside Python's decoder, with which our imports count too, YAML beside PyYAML's libyaml (nodes, without
values), HCL beside the parse by python-hcl2, as in `hcl.py`.
"""

import json
import pathlib
from typing import Any

from harness import Result, Target, above, apart, best, python
from hcl import HCL2, PROGRAMS, RATIO, READ

JOBS = 2_000
CALL = "arn:aws:states:::sagemaker:createTransformJob.sync"
ALONE, READING = "decode only", "guardrail, read"
FILES = "import sys\nfrom guardrail.sources.jobs import files\nassert files.read(sys.argv[1]).after.workflows\n"
YAML = "import sys, yaml\nyaml.compose(open(sys.argv[1], encoding='utf-8').read(), Loader=yaml.CSafeLoader)\n"
JSON = "import sys, json\njson.load(open(sys.argv[1], encoding='utf-8'))\n"
FORMS = {
    "JSON": ("score.asl.json", JSON, FILES, 16.0),
    "YAML": ("score.asl.yaml", YAML, FILES, 4.0),
    "HCL": ("source", PROGRAMS[HCL2], PROGRAMS[READ], RATIO),
}
"""By form the file, the decoder alone, the reading, and the most times of it."""
SECONDS = {"JSON": 0.3, "YAML": 0.8}


def state(index: int) -> dict[str, Any]:
    after = {"Next": f"Score{index + 1}"} if index < JOBS - 1 else {"End": True}
    request = {
        "TransformJobName.$": "$$.Execution.Name",
        "ModelName": f"model-{index}",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://in/{index}/"}}},
        "TransformOutput": {"S3OutputPath": "s3://out/scores"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1 + index % 3},
    }
    comment = f"scores of the customers of region {index}, night after night, for whoever reads this " * 2
    return {"Type": "Task", "Resource": CALL, "Comment": comment, "TimeoutSeconds": 60, "Parameters": request, **after}


def source(value: Any, indent: int = 1) -> str:
    """A value as an expression of HCL."""
    if not isinstance(value, dict):
        return json.dumps(value)
    lines = "".join(f"{'  ' * indent}{json.dumps(key)} = {source(item, indent + 1)}\n" for key, item in value.items())
    return f"{{\n{lines}{'  ' * (indent - 1)}}}"


def generate(directory: pathlib.Path) -> None:
    import yaml

    machine = {"StartAt": "Score0", "States": {f"Score{index}": state(index) for index in range(JOBS)}}
    (directory / "source").mkdir(parents=True, exist_ok=True)
    (directory / "score.asl.json").write_text(json.dumps(machine), encoding="utf-8")
    (directory / "score.asl.yaml").write_text(yaml.safe_dump(machine, sort_keys=False), encoding="utf-8")
    resource = f'resource "aws_sfn_state_machine" "score" {{\n  definition = jsonencode({source(machine)})\n}}\n'
    (directory / "source" / "main.tf").write_text(resource, encoding="utf-8")


def measure(folder: pathlib.Path, rounds: int) -> Result:
    base = folder / "definitions"
    apart(generate, base)
    costs = {
        form: best({ALONE: python(alone, base / name), READING: python(read, base / name)}, rounds)
        for form, (name, alone, read, _) in FORMS.items()
    }
    most = {form: times for form, (*_, times) in FORMS.items()}
    ratios = {form: above(cost, READING) / above(cost, ALONE) for form, cost in costs.items()}
    return Result(
        "Definitions of batch jobs",
        {f"2,000 jobs, {form}": cost for form, cost in costs.items()},
        [
            *(Target(f"{form}, above a bare interpreter, in decodes", most[form], "x", ratios[form]) for form in FORMS),
            *(
                Target(f"{form}, above a bare interpreter", limit, "s", above(costs[form], READING))
                for form, limit in SECONDS.items()
            ),
        ],
    )
