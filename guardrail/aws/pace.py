"""How often AWS is asked: every attempt waits until its turn, those that boto3 makes again among them.

SageMaker gives no figures for its Describe calls; ten a second in a region stay below what has been seen to be refused.
GetMetricData allows 50 calls and 396,000 datapoints a second (CloudWatch service quotas). The pauses leave a tenth of
that for the jitter of a network, and for whoever else asks.
"""

import threading
import time
from typing import Final

DESCRIBES_PER_S: Final = 9
METRIC_CALLS_PER_S: Final = 45
DATAPOINTS_PER_S: Final = 350_000


class Clock:
    """The machine's own clock, by which pauses are measured."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        """Return once it is that moment."""
        time.sleep(max(0.0, moment - self.now()))


class Pace:
    """Turns of one kind of call in one region, each ``weight / per_second`` after the one before.

    Whoever wakes late delays those who wait: what a busy machine missed is not made up for by calls at once.
    """

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._free_at = float("-inf")
        self._lock = threading.Lock()

    def wait(self, weight: float = 1) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            self._clock.sleep_until(self._free_at)
            self._free_at = max(self._clock.now(), self._free_at) + weight / self._per_second
