"""What a worker tells the desk: heartbeat, progress and events, all of them files.

Why no heartbeat thread: it would go on beating while the work hangs. The work loop itself beats.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsproj.errors import RtsError
from rtsproj.jobs.files import append_line, sha256_of, write_atomic
from rtsproj.jobs.folder import JobFolder

_BEAT_S = 0.5
"""s; shorter intervals between two heartbeats are not written."""


def utc_text(seconds: float) -> str:
    """ISO 8601 in UTC of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


class Reporter:
    """Writes the files that ``jobs.state`` reads."""

    def __init__(
        self,
        folder: JobFolder,
        *,
        now: Callable[[], float] = time.time,
        stopping: Callable[[], bool] = lambda: False,
        is_part: bool = False,
    ) -> None:
        """Report on a job.

        Args:
            folder: the job.
            now: s since 1970.
            stopping: True once the process is asked to end.
            is_part: True in one of several processes of a job: another one shows the heartbeat.
        """
        self.is_part = is_part
        self._folder = folder
        self._now = now
        self._stopping = stopping
        self._beaten_at = float("-inf")
        self._origin: tuple[float, float] | None = None
        self._last: dict[str, Any] = {"fraction": 0.0, "message": "", "metrics": {}}

    def started(self, message: str, **facts: Any) -> None:
        """The worker holds the lock and begins."""
        self._origin = None
        self._event("started", message, facts)
        self._beat(message=message)
        self._beaten_at = float("-inf")

    def note(self, message: str, **facts: Any) -> None:
        """A thing that a person may want to know later."""
        self._event("note", message, facts)

    def beat(self) -> None:
        """Show life while a longer piece of work goes on."""
        if self._now() - self._beaten_at >= _BEAT_S:
            self._beat()

    def progress(
        self, fraction: float, message: str, *, metrics: Mapping[str, float] | None = None
    ) -> None:
        """Show how far the work is.

        Args:
            fraction: 0..1 of the whole job.
            message: one line for a screen.
            metrics: newest figures; earlier ones with other names stay.
        """
        if self._origin is None:
            self._origin = (self._now(), fraction)
        self._last["metrics"] = {**self._last["metrics"], **(metrics or {})}
        self._last.update(fraction=fraction, message=message)
        if fraction >= 1 or self._now() - self._beaten_at >= _BEAT_S:
            self._beat()

    def interrupted(self, message: str) -> None:
        """The state is saved and the worker ends; it can be resumed."""
        self._event("interrupted", message, {})
        self._beat(message=message)

    def failed(self, what: str, *, hint: str) -> None:
        """The job cannot go on; the reason stays in the events."""
        self._event("failed", what, {"hint": hint})
        self._beat(message=what)

    def finished(self, summary: Mapping[str, Any], *, outputs: Iterable[Path]) -> None:
        """Write done.json, last of all, with the digests of the outputs.

        Raises:
            RtsError: an output is missing.
        """
        digests = {str(one.relative_to(self._folder.path)): sha256_of(one) for one in outputs}
        for name, digest in digests.items():
            if not digest:
                raise RtsError(f"output {name} is missing", hint="resume the job to make it again")
        self._beat(fraction=1.0, message="done")
        self._event("finished", "done", {})
        done = {"finished_at": utc_text(self._now()), "outputs": digests, "summary": dict(summary)}
        write_atomic(
            self._folder.done, (json.dumps(done, indent=1, sort_keys=True) + "\n").encode()
        )

    def should_stop(self) -> bool:
        """True once a signal or the stop file asks for an end after a checkpoint."""
        return self._stopping() or self._folder.stop.exists()

    def _event(self, kind: str, message: str, facts: Mapping[str, Any]) -> None:
        row = {"at": utc_text(self._now()), "kind": kind, "message": message, **facts}
        append_line(self._folder.events, json.dumps(row, sort_keys=True, default=str))

    def _beat(self, **changes: Any) -> None:
        self._last.update(changes)
        at = self._now()
        row = {"at": at, "pid": os.getpid(), "eta_s": self._eta(at), **self._last}
        if self.is_part:
            return
        partial = self._folder.heartbeat.with_name(f".heartbeat.{os.getpid()}.partial")
        partial.write_text(json.dumps(row), encoding="utf-8")
        partial.replace(self._folder.heartbeat)
        self._beaten_at = at

    def _eta(self, at: float) -> float | None:
        fraction = float(self._last["fraction"])
        if self._origin is None or fraction <= self._origin[1]:
            return None
        began, origin = self._origin
        return round((at - began) * (1 - fraction) / (fraction - origin), 1)
