"""``python -m rtsproj.worker FOLDER``: exit 0 done, 75 interrupted, 3 busy, 1 failed.

``--share`` searches free shards beside other workers of the folder, such as the elements of a
scheduler's array; ``--cluster ADDRESS`` lets the workers of a Dask scheduler search.
"""

import argparse
import os
import sys
from pathlib import Path

from rtsproj.errors import ExitCode
from rtsproj.jobs.parts import PART
from rtsproj.worker.run import run_folder
from rtsproj.worker.together import Mode


def main(arguments: list[str]) -> int:
    """Run the folder that is named; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rtsproj.worker", exit_on_error=False)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--share", action="store_true", help="search beside other workers")
    parser.add_argument("--cluster", metavar="ADDRESS", default="", help="of a Dask scheduler")
    parser.add_argument(PART, type=int, default=-1, help=argparse.SUPPRESS)
    try:
        given = parser.parse_args(arguments)
    except (argparse.ArgumentError, SystemExit):
        sys.stderr.write(parser.format_usage())
        return ExitCode.USAGE
    mode = Mode(share=given.share, part=given.part, cluster=given.cluster)
    return run_folder(given.folder, os.environ, sys.stderr, mode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
