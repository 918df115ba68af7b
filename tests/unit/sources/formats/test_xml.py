"""XML becomes tables and texts; what could expand or lead outside is refused by name, before it is read."""

import time
from typing import Any

import pytest

from portreeve.definitions.model import Format
from portreeve.sources.formats import xml
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse

DOCTYPE = "a document type, which could declare entities"


def parsed(text: str) -> Any:
    return parse(Format.XML, text.encode())


def refused(text: str) -> FormatError:
    with pytest.raises(FormatError) as caught:
        parsed(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<port>80</port>", {"port": "80"}),
        ("<c>\n  <port> 80\n</port>\n</c>", {"c": {"port": "80"}}),
        ("<c/>", {"c": ""}),
        ("<c port='80'/>", {"c": {"@port": "80"}}),
        ("<c unit='tcp'>80</c>", {"c": {"@unit": "tcp", "#text": "80"}}),
        ("<c>a<b/>d</c>", {"c": {"b": "", "#text": "ad"}}),
        ("<c><p>1</p><q/><p>2</p><p>3</p></c>", {"c": {"p": ["1", "2", "3"], "q": ""}}),
        ("<c><p a='1'/><p/></c>", {"c": {"p": [{"@a": "1"}, ""]}}),
        ("<c><![CDATA[<b>&]]></c>", {"c": "<b>&"}),
        ("<c>&lt;&#65;&amp;%$\\'\"</c>", {"c": "<A&%$\\'\""}),
        ("<!-- <!DOCTYPE a> --><c>1</c>", {"c": "1"}),
        ("<c><![CDATA[<!DOCTYPE a>]]></c>", {"c": "<!DOCTYPE a>"}),
        ("<x:c xmlns:x='urn:x'><x:p>1</x:p></x:c>", {"x:c": {"@xmlns:x": "urn:x", "x:p": "1"}}),
        ("<?xml version='1.0' encoding='UTF-8'?>\n<c>größe</c>", {"c": "größe"}),
        ("<c>a\r\nb</c>", {"c": "a\nb"}),
    ],
)
def test_elements_are_tables_or_texts(text: str, found: Any) -> None:
    assert parsed(text) == found


def test_tomcats_server_is_read() -> None:
    text = """<?xml version="1.0"?>
    <Server port="8005"><Service name="Catalina">
      <Connector port="8080" protocol="HTTP/1.1"/><Connector port="8443"/>
    </Service></Server>"""
    server = parsed(text)["Server"]
    assert server["@port"] == "8005"
    assert [each["@port"] for each in server["Service"]["Connector"]] == ["8080", "8443"]


LAUGHS = "".join(
    f'<!ENTITY {after} "{f"&{name};" * 10}">' for name, after in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [",
        f'<!DOCTYPE a [<!ENTITY a "ha">{LAUGHS}]><a>&j;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/shadow">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/shadow"> %p;]><a/>',
        '<?xml version="1.0"?> <!-- c --> <?p i?>\n<!DOCTYPE a><a/>',
        "\ufeff<!DOCTYPE a><a/>",
    ],
)
def test_a_document_type_is_refused_by_name(text: str) -> None:
    assert refused(text).message == DOCTYPE


def test_expat_is_stopped_at_a_document_type_too() -> None:
    with pytest.raises(FormatError, match=DOCTYPE):
        xml.Document().read("<!DOCTYPE a><a/>")


@pytest.mark.parametrize(
    "text", ["<?" * 500_000, "<!--" * 250_000, "<?a?>" * 200_000, " " * 1_000_000, "<a b='" * 100_000]
)
def test_what_never_ends_is_refused_at_once(text: str) -> None:
    began = time.monotonic()
    refused(text)
    assert time.monotonic() - began < 2
