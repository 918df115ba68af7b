"""INI as Python's configparser writes it, without interpolation: ``%`` and ``$`` mean themselves.

Sections and options are case-sensitive, doubles are refused, values of ``[DEFAULT]`` hold in every section,
and an option without ``=`` has no value. systemd's unit files are not INI.
"""

import configparser
import re
from collections.abc import Mapping
from typing import Any

from portreeve.sources.formats.errors import FormatError, quoted
from portreeve.sources.formats.text import decode

_MOST_SECTIONS = 10_000
"""More make configparser work for seconds."""


class _Parser(configparser.RawConfigParser):
    # The base's takes a time that grows with the square of the blanks in a line; this finds the same.
    OPTCRE_NV = re.compile(
        r"(?P<option>(?:[^\s=:]++|\s++(?=[^\s=:]))*+)\s*+(?:(?P<vi>[=:])\s*+(?P<value>.*+))?+$"
    )

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def parse(data: bytes) -> Mapping[str, Mapping[str, Any]]:
    """``{section: {option: value}}``, a value being a text or ``None``.

    Raises:
        FormatError: it is not INI.
    """
    parser = _Parser(strict=True, allow_no_value=True)
    text = decode(data)
    if text.count("\n[") > _MOST_SECTIONS:
        raise FormatError("too many sections")
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise FormatError("an option before the first [section]", error.lineno) from error
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else 0
        raise FormatError("neither a [section], nor an option = value", line) from error
    except configparser.DuplicateSectionError as error:
        raise FormatError(
            f"section {quoted(error.section)} for the second time", error.lineno or 0
        ) from error
    except configparser.DuplicateOptionError as error:
        message = f"option {quoted(error.option)} for the second time in section {quoted(error.section)}"
        raise FormatError(message, error.lineno or 0) from error
    except AttributeError as error:
        # What configparser of Python 3.11 makes of a line that goes on with an option without a value.
        raise FormatError("neither a [section], nor an option = value") from error
    except configparser.Error as error:
        raise FormatError("not INI") from error
    # The sections stay the parser's: copies would multiply its defaults by a hundred thousand sections.
    names = [*([parser.default_section] if parser.defaults() else []), *parser.sections()]
    return {name: parser[name] for name in names}
