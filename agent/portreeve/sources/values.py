"""A value as it was read, made what the administrator declared it to be; nothing less reaches a template."""

from typing import Any

from portreeve.definitions.model import Scalar, Value, ValueType
from portreeve.errors import Reason, Waiting
from portreeve.regex import fullmatch
from portreeve.sources.scalars import PARSERS, RefusedError, choice, spelled

_SHOWN = 80
"""Characters of an offending value that are shown."""


def typed(value: Value, raw: Any) -> Scalar | tuple[Scalar, ...]:
    """Turn what a source holds into the declared type.

    Args:
        value: the declaration.
        raw: a text, or what the source's format has natively.

    Raises:
        Waiting: it is not of the type, or against ``pattern``, ``minimum``, ``maximum`` or ``choices``. The
            container can mend that, so it is tried again when its file changes.
    """
    try:
        if raw is None:
            raise RefusedError("it has no value in the source")
        found = _parsed(value, raw)
        for each in found if isinstance(found, tuple) else (found,):
            _within(value, each)
    except RefusedError as error:
        raise Waiting(
            Reason.VALUE_INVALID,
            f"value {value.name} is not a valid {value.type}",
            evidence=f"{value.address}: {_shown(value, raw)}; {error}",
        ) from None  # The cause's traceback would show a secret.
    return found


def _parsed(value: Value, raw: Any) -> Scalar | tuple[Scalar, ...]:
    if value.type is ValueType.ENUM:
        return choice(raw, value.choices)
    return PARSERS[value.type](raw)


def _within(value: Value, found: Scalar) -> None:
    if value.choices and found not in value.choices:
        raise RefusedError(f"one of {', '.join(map(spelled, value.choices))} is needed")
    if isinstance(found, int | float) and not isinstance(found, bool):
        if value.minimum is not None and found < value.minimum:
            raise RefusedError(f"it must be {value.minimum:g} or more")
        if value.maximum is not None and found > value.maximum:
            raise RefusedError(f"it must be {value.maximum:g} or less")
    if value.pattern is not None and not fullmatch(value.pattern, spelled(found)):
        raise RefusedError(f"it does not match {value.pattern}")


def _shown(value: Value, raw: Any) -> str:
    """The offending value, quoted and cut; never a secret."""
    if value.type is ValueType.SECRET:
        return "(a secret)"
    if isinstance(raw, str | int | float | bool):
        # A number may have thousands of digits; Python refuses to write those out.
        text = repr(raw[: _SHOWN + 1]) if isinstance(raw, str) else _number(raw)
        return text if len(text) <= _SHOWN + 2 else text[:_SHOWN] + "…"
    return {dict: "a table", list: "a list", type(None): "nothing"}.get(type(raw), type(raw).__name__)


def _number(raw: float) -> str:
    return spelled(raw) if abs(raw) < 10**18 else "a huge number"
