"""Load tests of Inference Recommender, put into a bundle: what measured a model says more than what was observed."""

from collections.abc import Sequence

from guardrail import files
from guardrail.errors import SourceError
from guardrail.evidence import merging, recommender
from guardrail.evidence.bundle import VERSION, AdviceEvidence, Bundle, LoadTestEvidence


def added(bundle: Bundle, paths: Sequence[str]) -> Bundle:
    """The bundle with what files hold that ``aws sagemaker`` answered. Raises `SourceError`.

    An answer that does not say its region is of that of the bundle, if there is one.
    """
    regions = {survey.region for survey in bundle.surveys}
    region = next(iter(regions)) if len(regions) == 1 else None
    tests: list[LoadTestEvidence] = []
    advice: list[AdviceEvidence] = []
    for path in paths:
        try:
            content = files.named(path)
        except OSError as error:
            raise SourceError(f"{path}: it cannot be read: {error.strerror}") from None
        found = recommender.read(content, path, region)
        if isinstance(found, LoadTestEvidence):
            tests.append(found)
        else:
            advice.append(found)
    return merging.merged([bundle, Bundle(version=VERSION, load_tests=tuple(tests), advice=tuple(advice))])
