"""Claims of shards: who is at which part of a search, among processes of one machine and of many.

On one machine the kernel's lock on the claim's file tells the truth: it is gone with the process
that held it. Between machines, where such locks may not reach, the file's text counts: a claim of
another machine stands until its lease ends, and is renewed while the work goes on. A file that
merely exists never means that somebody is at it; work that is done twice does no harm, as every
result is replaced whole by the same bytes.
"""

import fcntl
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any

from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import Holder, is_here, this_process

LEASE_S = 180.0
"""s for which a claim of another machine stands without being renewed."""


class Claims:
    """The claims of one process."""

    def __init__(self, folder: JobFolder, *, now: Callable[[], float] = time.time) -> None:
        folder.claims.mkdir(exist_ok=True)
        self._folder = folder
        self._now = now
        self._held: dict[int, IO[bytes]] = {}
        self._renewed_at = now()

    def take(self, number: int) -> bool:
        """Claim a shard; False where another process is at it."""
        stream = (self._folder.claims / f"{number:06}").open("a+b")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            return False
        if self._is_away(stream):
            stream.close()
            return False
        self._write(stream)
        self._held[number] = stream
        return True

    def renew(self) -> None:
        """Prolong the leases; called from the work loop, so that hung work loses them."""
        if self._now() - self._renewed_at < LEASE_S / 3:
            return
        self._renewed_at = self._now()
        for stream in self._held.values():
            self._write(stream)

    def release(self, number: int) -> None:
        """Give a shard back."""
        stream = self._held.pop(number)
        stream.truncate(0)
        stream.close()

    def close(self) -> None:
        """Give everything back."""
        for number in tuple(self._held):
            self.release(number)

    def _is_away(self, stream: IO[bytes]) -> bool:
        stream.seek(0)
        try:
            raw: dict[str, Any] = json.loads(stream.read())
            until, holder = float(raw.pop("until")), Holder(**raw)
        except (ValueError, KeyError, TypeError):
            return False
        return not is_here(holder) and until > self._now()

    def _write(self, stream: IO[bytes]) -> None:
        stream.truncate(0)
        row = {**asdict(this_process()), "until": self._now() + LEASE_S}
        stream.write(json.dumps(row).encode())
        stream.flush()
