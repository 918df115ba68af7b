"""What the formats are made of, for fuzzers to put together."""

from portreeve.definitions.model import Format

_ANYWHERE = (
    b"a", b"b", b"a.b", b"1", b"0", b"-1", b"9" * 20, b"9" * 5000, b"1e999",
    b"\n", b"\r\n", b"\r", b" ", b"  ",
    b"\t", b"=", b":", b",", b"#", b";", b"'", b'"', b"\\", b"%", b"$", b"${a}", b"%(a)s", b"{{ a }}", b"\0",
    b"\xef\xbb\xbf", b"\xff", b"\xc3", "é".encode(), "\u2028".encode(), b"\x1b[2J", b"[", b"]", b"{", b"}",
)  # fmt: skip

FRAGMENTS = {
    Format.INI: (b"[a]\n", b"[DEFAULT]\n", b"a = 1\n", b"a\n", b" b\n", b"[a", b"%%", b"[]\n", b": x\n"),
    Format.JSON: (
        b'{"a":', b'"a"', b"null", b"true", b"NaN", b"-Infinity", b'"\\ud800"', b'"\\u0000"', b"1.5e3",
        b"[" * 2000, b'{"a":' * 2000,
    ),
    Format.YAML: (
        b"a: 1\n", b"- ", b"? ", b"&a ", b"*a", b"<<: ", b"!!int ", b"!!python/name:os ", b"!a ",
        b"---\n", b"...\n", b"|\n", b">-\n", b"~", b"%YAML 1.2\n", b"*a,*a,*a", b"[" * 100, b"- " * 100,
    ),
    Format.TOML: (
        b"[a]\n", b"[[a]]\n", b"a = 1\n", b'"""', b"'''", b"nan", b"inf", b"1979-05-27T07:32:00Z", b"0x1F",
        b"1_0", b'"a".', b"[" * 2000, b"a." * 100,
    ),
    Format.ENV: (b"A=1\n", b"export ", b"A='", b'A="', b"\\\n", b"A", b"$A", b"`a`"),
    Format.PROPERTIES: (b"a=b\n", b"a.b: c\n", b"\\u0041", b"\\uD83D", b"\\u", b"\\\n", b"\f",
        b"!", b"\\\r\n",
    ),
    Format.XML: (
        b"<a>", b"</a>", b"<a/>", b"<a b='1'>", b"<?xml version='1.0'?>", b"<!DOCTYPE a [",
        b"<!ENTITY a '&b;'>", b"]>", b"&a;", b"&#0;", b"&#65;", b"&lt;", b"<![CDATA[", b"]]>", b"<!--",
        b"-->", b"<?a", b"?>", b"<a>" * 100, b"xmlns:a='u'", b"SYSTEM 'file:///etc/passwd'",
    ),
    Format.UNIT: (
        b"[A]\n", b"A=1\n", b"A=\n", b"\\\n", b"\\\\\n", b"; c\n", b"[A", b"A =  b \n", b"=1\n",
    ),
    Format.TEXT: (b"a 1\n", b"x"),
}  # fmt: skip
"""A few pieces of each format, among them those that were a problem of some parser once."""


def fragments(format_: Format) -> tuple[bytes, ...]:
    """All pieces for a format, its own first."""
    return (*FRAGMENTS[format_], *_ANYWHERE)
