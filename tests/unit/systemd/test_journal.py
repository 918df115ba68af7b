"""What reaches journald, on a real datagram socket."""

import array
import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portreeve.systemd.journal import JournalHandler
from portreeve.systemd.messages import MessageId


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(5)
        receiver.bind(str(tmp_path / "socket"))
        yield receiver


@pytest.fixture
def logger(journald: socket.socket, tmp_path: Path) -> Iterator[logging.Logger]:
    handler = JournalHandler(tmp_path / "socket")
    logger = logging.Logger("portreeve.test")
    logger.addHandler(handler)
    yield logger
    handler.close()


def parse(datagram: bytes) -> dict[str, str]:
    """The fields of an entry, as journald reads them."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[9 + length :]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


def test_an_entry_has_message_priority_and_place(journald: socket.socket, logger: logging.Logger) -> None:
    logger.warning("port %s is held", 9443)
    fields = parse(journald.recv(65536))
    assert fields["MESSAGE"] == "port 9443 is held"
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("4", "portreeve")
    assert fields["CODE_FILE"] == __file__


def test_extras_become_fields(journald: socket.socket, logger: logging.Logger) -> None:
    extra = {"portreeve_sync": "cockpit", "message_id": MessageId.SYNC_WAITING, "portreeve_none": None}
    logger.info("waits", extra=extra)
    fields = parse(journald.recv(65536))
    assert fields["PORTREEVE_SYNC"] == "cockpit"
    assert fields["MESSAGE_ID"] == MessageId.SYNC_WAITING.value
    assert "PORTREEVE_NONE" not in fields


def test_a_value_of_many_lines_cannot_forge_a_field(journald: socket.socket, logger: logging.Logger) -> None:
    logger.error("first\n_UID=0\nPRIORITY=7", extra={"portreeve_evidence": "a\nb"})
    fields = parse(journald.recv(65536))
    assert fields["MESSAGE"] == "first\n_UID=0\nPRIORITY=7"
    assert fields["PORTREEVE_EVIDENCE"] == "a\nb"
    assert fields["PRIORITY"] == "3"
    assert "_UID" not in fields


def test_an_entry_too_long_for_a_datagram_comes_as_a_sealed_file(
    journald: socket.socket, logger: logging.Logger
) -> None:
    logger.info("x" * 1_000_000)
    descriptors = array.array("i")
    _, ancillary, _, _ = journald.recvmsg(1024, socket.CMSG_LEN(descriptors.itemsize))
    descriptors.frombytes(ancillary[0][2][: descriptors.itemsize])
    with os.fdopen(descriptors[0], "rb") as file:
        file.seek(0)
        fields = parse(file.read())
    assert len(fields["MESSAGE"]) == 1_000_000


def test_without_journald_the_entry_goes_to_stderr(
    capfd: pytest.CaptureFixture[str], journald: socket.socket, logger: logging.Logger, tmp_path: Path
) -> None:
    (tmp_path / "socket").unlink()
    logger.warning("still heard")
    assert "still heard" in capfd.readouterr().err


def test_stderr_that_is_the_journal_gets_fields_and_the_bare_text(
    journald: socket.socket, tmp_path: Path
) -> None:
    code = (
        "import logging, os, sys; from pathlib import Path; from portreeve.systemd import journal;"
        "socket = Path(sys.argv[1]);"
        "journal.JournalHandler.__init__.__defaults__ = (socket,);"
        "status = os.fstat(2); os.environ['JOURNAL_STREAM'] = f'{status.st_dev}:{status.st_ino}';"
        "journal.setup_logging('INFO'); logging.getLogger('x').info('hello')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path / "socket")]
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=30)
    assert parse(journald.recv(65536))["MESSAGE"] == "hello"


def test_stderr_that_is_no_journal_gets_plain_text() -> None:
    code = (
        "import logging; from portreeve.systemd.journal import setup_logging; setup_logging('INFO');"
        "logging.getLogger('x').info('hello')"
    )
    # An inherited JOURNAL_STREAM names a stream that is not this one.
    environment = {**os.environ, "JOURNAL_STREAM": "1:2", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr == "INFO: hello\n"


def test_message_ids_are_distinct_128_bit_numbers() -> None:
    assert len({message.value for message in MessageId}) == len(MessageId)
    assert all(len(message) == 32 and int(message, 16) for message in MessageId)
