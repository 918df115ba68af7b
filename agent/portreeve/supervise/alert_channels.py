"""One try at telling somebody: a program that reads JSON, or a web server that takes it."""

import ssl
from dataclasses import dataclass, replace
from typing import Protocol

from portreeve import process
from portreeve.checks.http import HttpError, post_json
from portreeve.errors import Failed

_WORTH_ANOTHER_TRY = (408, 425, 429)
"""Statuses below 500 that mean "not now" (RFC 9110, RFC 8470, RFC 6585)."""


@dataclass(frozen=True, slots=True)
class Setback:
    """Why a try did not work.

    Args:
        what: one phrase. It holds neither an address nor arguments: both may contain a token.
        final: another try would end the same.
    """

    what: str
    final: bool = False


class Channel(Protocol):
    """A way to tell somebody."""

    @property
    def name(self) -> str:
        """What it is called in the journal."""

    @property
    def timeout(self) -> float:
        """Seconds for one try."""

    def send(self, body: bytes, timeout: float) -> Setback | None:
        """Try once, within ``timeout`` seconds; ``None``: it worked."""


@dataclass(frozen=True, slots=True)
class CommandChannel:
    """A program that gets the JSON on its standard input, and tells by its exit status whether it worked.

    Args:
        argv: the program and its arguments; there is no shell.
        timeout: seconds for one try, after which its process group is killed.
    """

    argv: tuple[str, ...]
    timeout: float

    @property
    def name(self) -> str:
        """Its kind alone."""
        return "the command of [alerts]"

    def send(self, body: bytes, timeout: float) -> Setback | None:
        """Run it once."""
        completed = process.run(self.argv, timeout=timeout, stdin=body)
        if completed.ok:
            return None
        return Setback(replace(completed, argv=self.argv[:1]).describe(), completed.code in (126, 127))


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """A web server that the JSON is posted to; its certificate is checked, no redirect or proxy is used.

    Args:
        url: where to; it may hold a token, and is shown nowhere.
        timeout: seconds for one try.
    """

    url: str
    timeout: float

    @property
    def name(self) -> str:
        """Its kind alone."""
        return "the webhook of [alerts]"

    def __repr__(self) -> str:
        return f"WebhookChannel(timeout={self.timeout})"

    def send(self, body: bytes, timeout: float) -> Setback | None:
        """Post it once."""
        try:
            status = post_json(self.url, body, timeout=timeout)
        except ssl.SSLCertVerificationError as error:
            return Setback(f"its certificate is not trusted: {error.verify_message}")
        except TimeoutError:
            return Setback("no answer in time")
        except OSError as error:
            return Setback(f"it cannot be reached: {error.strerror or type(error).__name__}")
        except HttpError:
            return Setback("its answer is no HTTP")
        except (Failed, UnicodeError):
            return Setback("its address is none of a web server", final=True)
        if 200 <= status < 300:
            return None
        if 300 <= status < 400:
            return Setback(f"it answered with {status}: redirects are not followed", final=True)
        return Setback(f"it answered with {status}", final=status < 500 and status not in _WORTH_ANOTHER_TRY)
