"""``python -m rtsproj.worker FOLDER``: exit 0 done, 75 interrupted, 3 busy, 1 failed."""

import os
import sys
from pathlib import Path

from rtsproj.errors import ExitCode
from rtsproj.worker.run import run_folder


def main(arguments: list[str]) -> int:
    """Run the folder that is named; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m rtsproj.worker FOLDER\n")
        return ExitCode.USAGE
    return run_folder(Path(arguments[0]), os.environ, sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
