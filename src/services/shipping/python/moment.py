"""Moments of run time: whole microseconds since the run began. Run time begins on 1 January 2026."""

from math import floor
from time import gmtime

RUN_EPOCH_S = 1_767_225_600


def plus_ms(moment_us, milliseconds):
    """The moment so many milliseconds later, a whole number again."""
    return floor(moment_us + milliseconds * 1000 + 0.5)


def rfc3339(moment_us):
    """A moment in UTC, with milliseconds."""
    milliseconds = moment_us // 1000
    year, month, day, hour, minute, second = gmtime(RUN_EPOCH_S + milliseconds // 1000)[:6]
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
        year, month, day, hour, minute, second, milliseconds % 1000,
    )
