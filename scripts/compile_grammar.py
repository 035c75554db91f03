"""Compile python-hcl2's grammar into the tables that are shipped: run it when python-hcl2 or Lark has a new version.

PYTHONHASHSEED=0 python scripts/compile_grammar.py [--check]
"""

import sys

from guardrail.sources.hcl import grammar


def main() -> int:
    text = grammar.installed()
    if "--check" in sys.argv[1:]:
        with open(grammar.SHIPPED, "rb") as file:
            is_current = file.readline() == grammar.tables_key(text)
        print("the tables are those of the installed versions" if is_current else "the tables are for other versions")
        return 0 if is_current else 1
    with open(grammar.SHIPPED, "wb") as file:
        file.write(grammar.packed(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
