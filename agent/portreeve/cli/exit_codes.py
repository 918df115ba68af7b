"""What the outcome of asking the agent means as an exit code."""

from portreeve.control.outcome import Outcome
from portreeve.errors import ExitCode

EXIT_CODES = {
    Outcome.DONE: ExitCode.DONE,
    Outcome.FAILED: ExitCode.FAILED,
    Outcome.NOT_YET: ExitCode.NOT_YET,
    Outcome.UNREACHABLE: ExitCode.UNREACHABLE,
    Outcome.STOPPING: ExitCode.UNREACHABLE,
}
