"""Ask ``terraform console`` anew for every expression of ``answers.json``: some ten minutes.

python -m tests.sources.hcl.record_answers
"""

import json
import shutil
import tempfile
from pathlib import Path

from tests.sources.hcl.expressions import told, type_told

ORACLE = Path(__file__).parent / "oracle"
ANSWERS = Path(__file__).parent / "answers.json"
AT_ONCE = 64


def main() -> None:
    """Write the file anew; new expressions are put in by hand, with any answer."""
    expressions = list(json.loads(ANSWERS.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as parent:
        directory = Path(shutil.copytree(ORACLE, Path(parent) / "oracle"))
        answers: dict[str, list[str]] = {}
        for at in range(0, len(expressions), AT_ONCE):
            batch = expressions[at : at + AT_ONCE]
            answers.update((each, [answer]) for each, answer in zip(batch, told(batch, directory), strict=True))
        for expression, answer in answers.items():
            if not answer[0].startswith("!"):
                answer.append(type_told(expression, directory))
    lines = (
        f"{json.dumps(each, ensure_ascii=False)}: {json.dumps(answers[each], ensure_ascii=False)}" for each in answers
    )
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
