"""Scalars of YAML, where versions 1.1 and 1.2 agree about them.

``yes``, ``no``, ``on`` and ``off`` are truths, as in 1.1 and as whoever writes them means. What else the
versions read differently (``010``, ``22:22``, ``1e3``, dates) is its text here, is not replaced, and is never
written as a text without quotes.
"""

import re

import yaml

from portreeve.edits import words
from portreeve.edits.model import EditValue

_NULL = re.compile(r"~|null|Null|NULL|")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,4000})")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,3000}")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")
_ELSE_IN_1_2 = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN]|<<|=")
_TRUTH_WORD = re.compile(
    "|".join(
        style(word)
        for word in ("yes", "no", "on", "off", "true", "false")
        for style in (str.lower, str.capitalize, str.upper)
    )
)
_INDICATOR = re.compile(r"[-?:](?:[\s,\[\]{}]|$)|[,\[\]{}#&*!|>'\"%@`]|---|\.\.\.")
_ENDS_PLAIN = re.compile(r":(?:\s|$)|\s#")
_FLOW = re.compile(r"[,\[\]{}]|:[\s\"'\[{]")


def resolve(text: str, style: str) -> EditValue | None:
    """What a scalar without a tag says."""
    if style or not text.isascii():
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUTH_WORD.fullmatch(text):
        return text.lower() in ("true", "yes", "on")
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def same(present: EditValue, wanted: EditValue) -> bool:
    """Whether a scalar says the value already."""
    return type(present) is type(wanted) and present == wanted


def written(value: EditValue, old: str = "", style: str = "", flow: bool = False) -> str:
    """A value as it is written.

    Args:
        value: what to write.
        old: the text of the scalar that stands there.
        style: its quote, which stays.
        flow: whether it stands in braces or brackets.
    """
    if isinstance(value, bool):
        return words.text_of(value, "" if style or not _TRUTH_WORD.fullmatch(old) else old)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # Version 1.1 wants a point before the exponent.
        mantissa, exponent, rest = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{rest}"
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _plain(value, flow):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


def ambiguous(text: str, style: str) -> bool:
    """Whether a scalar without a tag depends on the version: written again as a text, it might change."""
    return not style and isinstance(resolve(text, style), str) and _typed_somewhere(text)


def _plain(value: str, flow: bool) -> bool:
    """Whether a text may stand without quotes, in every version, and stays a text."""
    if value != value.strip() or not isinstance(resolve(value, ""), str) or _typed_somewhere(value):
        return False
    return not (_INDICATOR.match(value) or _ENDS_PLAIN.search(value) or (flow and _FLOW.search(value)))


def _typed_somewhere(value: str) -> bool:
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    patterns = [pattern for _, pattern in [*resolvers.get(value[:1], []), *resolvers.get("", [])]]
    return bool(_ELSE_IN_1_2.fullmatch(value)) or any(pattern.match(value) for pattern in patterns)
