"""Logging into the journal with fields: the native protocol of systemd (systemd.io/JOURNAL_NATIVE_PROTOCOL).

A record's ``extra={"portreeve_sync": name}`` becomes the field ``PORTREEVE_SYNC``, and
``extra={"message_id": …}`` the field ``MESSAGE_ID``.
"""

import errno
import fcntl
import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

JOURNAL_SOCKET = Path("/run/systemd/journal/socket")
_SEND_TIMEOUT = 1.0
_SYSLOG_PRIORITY = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
_FIELD_PREFIX = "portreeve_"
# journald drops fields with other names (journal_field_valid): no leading underscore or digit, 64 characters.
_FIELD_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class JournalHandler(logging.Handler):
    """Sends records to journald; what cannot be sent goes to standard error.

    Args:
        path: journald's socket.
    """

    def __init__(self, path: Path = JOURNAL_SOCKET) -> None:
        super().__init__()
        # Without one of its own, logging.basicConfig would put level and logger into the text.
        self.setFormatter(logging.Formatter("%(message)s"))
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(_SEND_TIMEOUT)
        self._fallback = _text_handler()

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        datagram = b"".join(_encode(name, value) for name, value in self._fields(record))
        try:
            self._send(datagram)
        except OSError:
            self._fallback.handle(record)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        yield "MESSAGE", self.format(record)
        yield "PRIORITY", str(_SYSLOG_PRIORITY.get(record.levelno, 6))
        yield "SYSLOG_IDENTIFIER", "portreeve"
        yield "LOGGER", record.name
        yield "THREAD_NAME", record.threadName or ""
        yield "CODE_FILE", record.pathname
        yield "CODE_LINE", str(record.lineno)
        yield "CODE_FUNC", record.funcName or ""
        for name, value in record.__dict__.items():
            if value is not None and (name == "message_id" or name.startswith(_FIELD_PREFIX)):
                yield name.upper(), str(value)

    def _send(self, datagram: bytes) -> None:
        # Unconnected, so that a journald that came back with a new socket is found again.
        try:
            self._socket.sendto(datagram, self._path)
        except OSError as error:
            if error.errno not in {errno.EMSGSIZE, errno.ENOBUFS}:
                raise
            self._send_sealed(datagram)

    def _send_sealed(self, datagram: bytes) -> None:
        """Hand over a sealed memory file: for entries longer than a datagram may be."""
        memory = os.memfd_create("portreeve-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with os.fdopen(memory, "wb") as file:
            file.write(datagram)
            file.flush()
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", memory))
            self._socket.sendmsg([], [rights], 0, self._path)


def setup_logging(level: str) -> None:
    """Send what is logged to the journal when standard error is the journal, else to standard error.

    Args:
        level: the lowest level that is logged, a name of :mod:`logging`.
    """
    handler = JournalHandler() if _stderr_is_journal() else _text_handler()
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _text_handler() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    return handler


def _stderr_is_journal() -> bool:
    """Compare ``JOURNAL_STREAM`` with standard error, as systemd.exec(5) says.

    The variable alone is not enough: children whose output goes elsewhere inherit it.
    """
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _encode(name: str, value: str) -> bytes:
    if not _FIELD_NAME.fullmatch(name):
        return b""
    data = value.encode(errors="backslashreplace")
    if b"\n" in data:
        return b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(data)), data)
    return b"%s=%s\n" % (name.encode(), data)
