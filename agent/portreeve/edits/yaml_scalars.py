"""Scalars of YAML, where versions 1.1 and 1.2 agree about them.

What they read differently (``yes``, ``010``, ``22:22``, ``1e3``) is its text here, and is never written as a
text without quotes.
"""

import re

import yaml

from portreeve.edits import words
from portreeve.edits.model import EditValue

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUTH = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,4000})")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,3000}")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?")
_ELSE_IN_1_2 = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN]|<<|=")
_TRUTH_WORD = re.compile(r"yes|no|on|off|true|false", re.IGNORECASE)
_INDICATOR = re.compile(r"[-?:](?:[\s,\[\]{}]|$)|[,\[\]{}#&*!|>'\"%@`]|---|\.\.\.")
_ENDS_PLAIN = re.compile(r":(?:\s|$)|\s#")
_FLOW = re.compile(r"[,\[\]{}]|:[\s\"'\[{]")


def resolve(text: str, style: str) -> EditValue | None:
    """What a scalar without a tag says."""
    if style or not text.isascii():
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUTH.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def same(present: EditValue, wanted: EditValue) -> bool:
    """Whether a scalar says the value already; ``yes`` is a truth for whoever wants one."""
    if isinstance(wanted, bool) and isinstance(present, str) and _TRUTH_WORD.fullmatch(present):
        return words.same(present, wanted)
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


def _plain(value: str, flow: bool) -> bool:
    """Whether a text may stand without quotes, in every version, and stays a text."""
    if value != value.strip() or not isinstance(resolve(value, ""), str) or _ELSE_IN_1_2.fullmatch(value):
        return False
    if _INDICATOR.match(value) or _ENDS_PLAIN.search(value) or (flow and _FLOW.search(value)):
        return False
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    return not any(
        pattern.match(value) for _, pattern in [*resolvers.get(value[0], []), *resolvers.get("", [])]
    )
