"""The report for a job's summary page on GitHub: the comment without its marker, and with room for everything."""

from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.markdown import write

SUMMARY_LIMIT = 900 * 1024
"""Bytes; GitHub refuses a step's summary of more than 1 MiB, and other steps may write to it too."""


def render(report: Report, options: Options = DEFAULT) -> str:
    """The text to append to ``$GITHUB_STEP_SUMMARY``."""
    return write(report, options, SUMMARY_LIMIT)
