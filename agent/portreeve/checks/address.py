"""``PORT`` and ``ADDRESS:PORT`` as steps write them."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from portreeve.errors import Failed, Reason

Ip = IPv4Address | IPv6Address


def parse_port(text: str) -> int:
    """A TCP port, 1 to 65535.

    Raises:
        Failed: it is none.
    """
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise _invalid(text, "a port is a number from 1 to 65535")


def split_host(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``[IPv6]:PORT`` as host and port.

    Raises:
        Failed: it is not of that form.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host:
        raise _invalid(text, "write HOST:PORT")
    return host, parse_port(port)


def parse_listening(text: str) -> tuple[Ip | None, int]:
    """``PORT`` or ``ADDRESS:PORT``; the address is ``None`` when any will do.

    Raises:
        Failed: it is not of that form, or the address is a name.
    """
    if ":" not in text:
        return None, parse_port(text)
    host, port = split_host(text)
    try:
        return ip_address(host), port
    except ValueError as error:
        raise _invalid(text, "write PORT or IP-ADDRESS:PORT") from error


def _invalid(text: str, hint: str) -> Failed:
    return Failed(Reason.VALUE_INVALID, "this is no address", evidence=repr(text), hint=hint)
