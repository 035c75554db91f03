"""CPU of reading a state machine of 2,000 jobs and 1.2 MB, beside a decoder that does nothing else with it.

    python benchmarks/definitions.py               JSON, YAML and Terraform source, best of three
    python benchmarks/definitions.py --rounds 1 --keep DIRECTORY

Every measurement is a process of its own; a bare interpreter is taken off. JSON is held beside Python's decoder, with
which our imports count too, YAML beside PyYAML's libyaml (nodes, without values), HCL beside the parse by python-hcl2,
as in `hcl.py`.
"""

import json
import pathlib
import sys
import tempfile
from typing import Any

from hcl import PROGRAMS, RATIO, arguments, cost

JOBS = 2_000
CALL = "arn:aws:states:::sagemaker:createTransformJob.sync"
READ = "import sys\nfrom guardrail.sources.jobs import files\nassert files.read(sys.argv[1]).after.workflows\n"
YAML = "import sys, yaml\nyaml.compose(open(sys.argv[1], encoding='utf-8').read(), Loader=yaml.CSafeLoader)\n"
JSON = "import sys, json\njson.load(open(sys.argv[1], encoding='utf-8'))\n"
FORMS = {
    "score.asl.json": (JSON, READ, 16.0, 0.3),
    "score.asl.yaml": (YAML, READ, 4.0, 0.8),
    "source": (PROGRAMS["python-hcl2, parse"], PROGRAMS["guardrail, read"], RATIO, None),
}
"""By input the decoder alone, the reading, the most times of it, and the most seconds on two cores of 2020."""


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


def main() -> int:
    options = arguments(__doc__).parse_args()
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        base = options.keep or pathlib.Path(folder)
        generate(base)
        bare, _ = cost("", base, options.rounds)
        for name, (alone, read, most, seconds) in FORMS.items():
            decoder, reading = (cost(program, base / name, options.rounds)[0] - bare for program in (alone, read))
            slow = slow or reading / decoder > most
            wanted = "" if seconds is None else f", {seconds} s wanted"
            print(f"{name:<16} {reading:.2f} s{wanted}; {reading / decoder:.2f} times the decoder (at most {most})")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
