# SPDX-License-Identifier: Apache-2.0
"""Is what a monitor answered a verdict? Pure: the answer comes in, a verdict that can be recorded goes out.

It does not ask whether the verdict is right.
"""

from dataclasses import replace

from gyges.canon import LIMIT, clean
from gyges.errors import Malformed
from gyges.verdict import Look, Span, Verdict

REASONS = 16
SPANS = 64
TEXT = 500  # characters of one reason or pointer


def checked(name: str, answer: object, took_ms: int) -> Verdict:
    """`answer` stamped with the time it took, or a BROKEN verdict that says what is wrong with it."""
    # Not isinstance: a subclass could answer one thing here and another when it is weighed.
    if type(answer) is Verdict:
        fault = _fault(name, answer)
        if not fault:
            return answer if answer.took_ms == took_ms else replace(answer, took_ms=took_ms)
    else:
        fault = f"it is of type {type(answer).__name__[:100]}"
    why = f"answered nonsense: {fault}"
    return Verdict(monitor=name, look=Look.BROKEN, reasons=(why,), took_ms=took_ms)


def _fault(name: str, verdict: Verdict) -> str:
    """What is wrong, "" for nothing."""
    # The types of a verdict's fields are what its maker put there, not what the class declares.
    look: object = verdict.look
    suspicion: object = verdict.suspicion
    if type(verdict.monitor) is not str or verdict.monitor != name:
        return "it speaks in the name of another monitor"
    if type(look) is not Look:
        return "its look is none of done, late, broken"
    if type(suspicion) is not float and type(suspicion) is not int:
        return "its suspicion is no number"
    if not verdict.sane:
        return "its suspicion is not in [0, 1]"
    if not _few(verdict.reasons, REASONS) or not all(_text(r) for r in verdict.reasons):
        return f"its reasons are not at most {REASONS} texts of {TEXT} characters"
    if not _few(verdict.spans, SPANS) or not all(_span(s) for s in verdict.spans):
        return f"its spans are not at most {SPANS} places in the action"
    return ""


def _few(items: tuple[object, ...], most: int) -> bool:
    return type(items) is tuple and len(items) <= most


def _text(value: object) -> bool:
    if type(value) is not str or len(value) > TEXT:
        return False
    try:
        clean(value)
    except Malformed:
        return False
    return True


def _span(value: object) -> bool:
    return (
        type(value) is Span
        and _text(value.pointer)
        and type(value.start) is int
        and type(value.end) is int
        and 0 <= value.start <= value.end < LIMIT
    )
