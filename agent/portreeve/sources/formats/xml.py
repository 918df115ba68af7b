"""XML 1.0 without a document type: an element is a table of its children, or a text.

``{name: …}`` begins with the root. An attribute is ``@name``; what stands between the tags of an element that
has attributes or children is ``#text``. Texts have no blanks around them. Elements of one name that stand in
one element are a list. Names keep their prefixes. A document type is refused before expat sees it, since
without it no entity can be declared, whatever it would be expanded to or read from.
"""

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.parsers import expat

from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.text import decode

_BLANK = " \t\r\n"
_DEEPEST = 64
_MOST_NODES = 100_000
"""Elements and attributes."""

_BEFORE_DOCTYPE = re.compile(r"(?:[ \t\r\n]++|<\?.*?\?>|<!--.*?-->)*+(?=<!DOCTYPE)", re.DOTALL)
_ENCODINGS = ("utf-8", "us-ascii")
_UNDEFINED_ENTITY = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]


def parse(data: bytes) -> Mapping[str, Any]:
    """``{root: element}``.

    Raises:
        FormatError: it is not XML, has a document type, or is too much or too deep.
    """
    text = decode(data)
    before = _BEFORE_DOCTYPE.match(text)
    if before:
        raise FormatError("a document type, which could declare entities", _line(text, before.end()))
    document = Document()
    try:
        document.read(text)
    except expat.ExpatError as error:
        if error.code == _UNDEFINED_ENTITY:
            raise FormatError("an entity that XML does not define", error.lineno) from error
        raise FormatError("not XML", error.lineno) from error
    return document.top


class Document:
    """What expat calls while it reads; ``top`` is what comes of it."""

    def __init__(self) -> None:
        self.top: dict[str, Any] = {}
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._open = [self.top]
        self._texts: list[list[str]] = [[]]
        self._nodes = 0

    def read(self, text: str) -> None:
        """Fill ``top``; raises what :func:`parse` does, and expat's own errors."""
        self._parser.Parse(text, True)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            self._refuse("declared to be in another encoding than UTF-8")

    def _doctype(self, *_: object) -> None:
        self._refuse("a document type, which could declare entities")

    def _start(self, _name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if self._nodes > _MOST_NODES:
            self._refuse("too many elements and attributes")
        if len(self._open) > _DEEPEST:
            self._refuse("nested too deep")
        self._open.append({f"@{attribute}": value for attribute, value in attributes.items()})
        self._texts.append([])

    def _characters(self, text: str) -> None:
        self._texts[-1].append(text)

    def _end(self, name: str) -> None:
        table = self._open.pop()
        text = "".join(self._texts.pop()).strip(_BLANK)
        if table and text:
            table["#text"] = text
        element = table or text
        siblings = self._open[-1]
        if name not in siblings:
            siblings[name] = element
        elif isinstance(siblings[name], list):
            siblings[name].append(element)
        else:
            siblings[name] = [siblings[name], element]

    def _refuse(self, message: str) -> NoReturn:
        raise FormatError(message, self._parser.CurrentLineNumber)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
