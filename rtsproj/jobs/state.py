"""The state of a job, derived from its lock, its heartbeat's age and its files.

A status flag alone would lie after a kill; a pid would lie after a restart of the machine.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rtsproj.jobs.files import complete_lines
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.lock import Holder, boot_id, is_held, is_here, last_holder

STALLED_AFTER_S = 60.0
"""s without a heartbeat after which a living worker counts as stalled."""
LOST_AFTER_S = 180.0
"""s without a heartbeat after which a worker of another machine counts as dead (stack 6.2)."""
_POLL_S = 0.5


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    STALLED = "stalled"
    DEAD = "dead"
    """its worker ended without a word; it can be resumed."""
    PAUSED = "paused"
    """interrupted after a checkpoint; it can be resumed."""
    DONE = "done"
    FAILED = "failed"


ENDED = frozenset({JobState.DEAD, JobState.PAUSED, JobState.DONE, JobState.FAILED})
"""States that only a person or a new start changes."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What a screen shows of a job.

    Attributes:
        state: derived, see the module.
        fraction: 0..1 of the work.
        eta_s: s left by the rate of this start; None where unknown.
        message: newest line of the worker.
        started_at: UTC of the first start, ISO 8601; empty before.
        host: machine of the newest worker; empty before.
        pid: its process id; 0 before.
        metrics: newest figures, by name.
        error: reason of a failed or dead job; empty elsewhere.
        hint: what to do about the error.
    """

    state: JobState
    fraction: float
    eta_s: float | None
    message: str
    started_at: str
    host: str
    pid: int
    metrics: Mapping[str, float]
    error: str
    hint: str


def status_of(
    folder: JobFolder,
    *,
    now: Callable[[], float] = time.time,
    stalled_after_s: float = STALLED_AFTER_S,
) -> JobStatus:
    """Derive a job's state from its folder."""
    events = read_events(folder)
    heartbeat = read_json(folder.heartbeat)
    holder = last_holder(folder)
    at = now()
    age_s = at - float(str(heartbeat.get("at", at)))
    state = _state(folder, events, age_s=age_s, stalled_after_s=stalled_after_s)
    error, hint = _error(folder, state, events)
    eta = heartbeat.get("eta_s")
    metrics = heartbeat.get("metrics")
    return JobStatus(
        state=state,
        fraction=1.0 if state is JobState.DONE else float(str(heartbeat.get("fraction", 0.0))),
        eta_s=float(str(eta)) if eta is not None and state is JobState.RUNNING else None,
        message=str(heartbeat.get("message", "")),
        started_at=next((str(e["at"]) for e in events if e.get("kind") == "started"), ""),
        host=holder.host if holder else "",
        pid=holder.pid if holder else 0,
        metrics=metrics if isinstance(metrics, dict) else {},
        error=error,
        hint=hint,
    )


def read_events(folder: JobFolder) -> tuple[dict[str, Any], ...]:
    """Events of a job in order; a line that is no JSON object is passed over."""
    rows: list[dict[str, Any]] = []
    for line in complete_lines(folder.events):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return tuple(rows)


def follow(
    folder: JobFolder,
    *,
    poll_s: float = _POLL_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[JobStatus]:
    """Statuses of a job, each time one differs from the last, until the job has ended."""
    shown: JobStatus | None = None
    while True:
        status = status_of(folder)
        if status != shown:
            shown = status
            yield status
        if status.state in ENDED:
            return
        sleep(poll_s)


def _state(
    folder: JobFolder,
    events: tuple[dict[str, Any], ...],
    *,
    age_s: float,
    stalled_after_s: float,
) -> JobState:
    if folder.done.exists():
        return JobState.DONE
    holder = last_holder(folder)
    kind = str(events[-1].get("kind")) if events else ""
    if is_held(folder) or _is_away(holder, kind, age_s=age_s):
        return JobState.RUNNING if age_s <= stalled_after_s else JobState.STALLED
    if _is_starting(folder):
        return JobState.QUEUED
    ended = {"failed": JobState.FAILED, "interrupted": JobState.PAUSED}.get(kind)
    if ended is not None:
        return ended
    return JobState.DEAD if events or folder.launched.exists() else JobState.QUEUED


def _is_away(holder: Holder | None, kind: str, *, age_s: float) -> bool:
    if holder is None or is_here(holder) or kind in ("failed", "interrupted"):
        return False
    return age_s <= LOST_AFTER_S


def _is_starting(folder: JobFolder) -> bool:
    launched = read_json(folder.launched)
    if not launched or launched.get("boot_id") != boot_id():
        return False
    if launched.get("events_bytes") != events_bytes(folder):
        return False
    return _is_alive(int(str(launched.get("pid", 0))))


def events_bytes(folder: JobFolder) -> int:
    """Size of the events; unchanged since the launch means that the worker has not begun."""
    return folder.events.stat().st_size if folder.events.exists() else 0


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _error(
    folder: JobFolder, state: JobState, events: tuple[dict[str, Any], ...]
) -> tuple[str, str]:
    if state is JobState.FAILED:
        return str(events[-1].get("message", "")), str(events[-1].get("hint", ""))
    if state is JobState.DEAD:
        return (
            f"the worker ended without a word; its log is {folder.log}",
            "resume the job: it goes on from its last checkpoint",
        )
    if state is JobState.STALLED:
        return "no sign of life for a while", "wait, or stop the job and resume it"
    return "", ""
