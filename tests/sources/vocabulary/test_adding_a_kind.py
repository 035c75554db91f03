"""A new kind of resource takes three places (docs/adding-a-kind.md): added to a copy, and read in each language."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import guardrail

NOTEBOOK = "AWS::SageMaker::NotebookInstance"
DECLARED = '''class DeclaredNotebook(Declared, frozen=True, kw_only=True):
    """A notebook instance."""

    instance_type: str | Unknown


'''
READ = """def _notebook(block: Block) -> DeclaredNotebook:
    view = block.attributes
    return DeclaredNotebook(*head(block), instance_type=view.required(view.text, "InstanceType"))


"""
ADDED = {
    "vocabulary/spellings.py": {
        "_LANGUAGES: dict": f'NOTEBOOK = "{NOTEBOOK}"\n',
        "    MODEL: (": '    NOTEBOOK: ("aws", "cloudformation"),\n',
    },
    "declarations.py": {
        "class DeclaredExperiment(": DECLARED,
        "    | DeclaredBudget\n": "    | DeclaredNotebook\n",
    },
    "vocabulary/kinds.py": {
        "    DeclaredModel,\n": "    DeclaredNotebook,\n",
        "def _elsewhere(": READ,
        "    spellings.MODEL: _model,\n": "    spellings.NOTEBOOK: _notebook,\n",
    },
}
"""What is written into each of the three files, by what it is put before."""

SHOW = """
import json
from guardrail import sources
from guardrail.sources.linking.index import Declarations

enter, seen = Declarations.__init__, []
Declarations.__init__ = lambda self, declared: enter(self, seen.extend(several := list(declared)) or several)
change_sets = [sources.read("plan.json"), sources.read("template.json"), *sources.read_terraform(["source"])]
print(json.dumps([[each.address, each.type, each.instance_type] for each in seen if hasattr(each, "instance_type")]))
print(json.dumps([[each.coverage.seen, each.coverage.modelled] for each in change_sets]))
"""


def test_a_kind_that_is_added_in_three_places_is_read_in_every_language(tmp_path: Path) -> None:
    shutil.copytree(Path(guardrail.__file__).parent, tmp_path / "guardrail", ignore=shutil.ignore_patterns("*.pyc"))
    for name, additions in ADDED.items():
        path = tmp_path / "guardrail" / "sources" / name
        text = path.read_text(encoding="utf-8")
        for place, added in additions.items():
            assert text.count(place) == 1, place
            text = text.replace(place, added + place)
        path.write_text(text, encoding="utf-8")
    change = {"actions": ["create"], "before": None, "after": {"instance_type": "ml.t3.medium"}, "after_unknown": {}}
    resource = {"address": "aws_sagemaker_notebook_instance.n", "mode": "managed", "name": "n", "change": change}
    resource["type"] = "aws_sagemaker_notebook_instance"
    plan = {"format_version": "1.2", "resource_changes": [resource], "configuration": {"root_module": {}}}
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    template = {"Resources": {"N": {"Type": NOTEBOOK, "Properties": {"InstanceType": "ml.t3.medium"}}}}
    (tmp_path / "template.json").write_text(json.dumps(template), encoding="utf-8")
    (tmp_path / "source").mkdir()
    written = 'resource "aws_sagemaker_notebook_instance" "n" { instance_type = "ml.t3.medium" }\n'
    (tmp_path / "source" / "main.tf").write_text(written, encoding="utf-8")

    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    declared, coverage = map(json.loads, shown.stdout.splitlines())
    terraform = ["aws_sagemaker_notebook_instance.n", "aws_sagemaker_notebook_instance", "ml.t3.medium"]
    assert declared == [terraform, ["N", NOTEBOOK, "ml.t3.medium"], terraform]
    assert coverage == [[1, 1]] * 3
