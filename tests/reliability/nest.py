"""A process that has imported everything and forks one life of a command after the other, so that lives are short.

It reads a line of JSON, [arguments, log file], answers with the life's process id, and when it is over with its end:
the exit code, or minus the signal that killed it.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO


class Life:
    """One command being carried out, in a process group of its own."""

    def __init__(self, pid: int, answers: IO[str]) -> None:
        self.pid, self._answers = pid, answers

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it is over
            os.kill(self.pid, number)

    def end(self) -> int:
        """The exit code, or minus the signal, when it is over."""
        return int(self._answers.readline())


class Nest:
    """To be entered; `begin` begins a life, and the next one only when it is over."""

    def __enter__(self) -> "Nest":
        one = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # threads do not survive a fork
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, **one},
        )  # fmt: skip
        assert self._answers.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:  # closes its pipes, and waits
            self.process.kill()

    @property
    def _answers(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def begin(self, arguments: list[str], log: Path) -> Life:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([arguments, str(log)]) + "\n")
        return Life(int(self._answers.readline()), self._answers)


def hatch(carry_out: Callable[[list[str]], int]) -> None:
    """Fork a life for each line."""
    print("ready", flush=True)
    for line in sys.stdin:
        arguments, log = json.loads(line)
        pid = os.fork()
        if not pid:
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os._exit(_lived(carry_out, arguments))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _lived(carry_out: Callable[[list[str]], int], arguments: list[str]) -> int:
    code = carry_out(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    from zaohua import cli, stages, terminal  # noqa: F401 - what a life would import

    hatch(cli.run)
