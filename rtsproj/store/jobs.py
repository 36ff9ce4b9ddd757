"""Jobs and models: rows that point at job folders and model files."""

import json
from collections.abc import Mapping
from typing import Any

from rtsproj import __version__
from rtsproj.store.database import Connection, insert, next_id, rows, scalar

JOBS = "SELECT * FROM jobs ORDER BY job_id"


def add_job(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a job: job_id, iteration, verb, folder, request_sha256, created_by."""
    insert(connection, "job", {**row, "program": f"rtsproj {__version__}"})


def next_job_id(connection: Connection) -> int:
    """The number that the next job gets."""
    return next_id(connection, "job", "job_id")


def read_jobs(connection: Connection) -> list[dict[str, Any]]:
    """All jobs, by number; ``collected_at`` is None until their results are taken in."""
    return rows(connection, JOBS)


def folder_of(connection: Connection, job_id: int) -> str:
    """A job's folder, relative to the project."""
    return str(scalar(connection, "SELECT folder FROM job WHERE job_id = ?", [job_id]))


def mark_collected(connection: Connection, job_id: int, detail: Mapping[str, Any]) -> None:
    """Note, in the transaction that took the results in, that they are in."""
    insert(connection, "job_collection", {"job_id": job_id, "detail": json.dumps(dict(detail))})


def is_collected(connection: Connection, job_id: int) -> bool:
    """True once a job's results are in the database."""
    query = "SELECT 1 FROM job_collection WHERE job_id = ?"
    return bool(connection.execute(query, [job_id]).fetchall())


def add_model(connection: Connection, row: Mapping[str, Any]) -> int:
    """Insert a model row; returns its id."""
    model_id = next_id(connection, "model", "model_id")
    insert(connection, "model", {"model_id": model_id, **row})
    return model_id


def newest_model(connection: Connection, iteration: int) -> dict[str, Any] | None:
    """The model that searches in an iteration."""
    query = "SELECT * FROM models WHERE iteration = ? ORDER BY model_id DESC LIMIT 1"
    found = rows(connection, query, [iteration])
    return found[0] if found else None


def model_before(connection: Connection, iteration: int) -> dict[str, Any] | None:
    """The newest model of an earlier iteration."""
    query = "SELECT * FROM models WHERE iteration < ? ORDER BY model_id DESC LIMIT 1"
    found = rows(connection, query, [iteration])
    return found[0] if found else None


def collection_detail(connection: Connection, job_id: int) -> dict[str, Any]:
    """What a job's collection noted; empty before."""
    query = "SELECT detail FROM job_collection WHERE job_id = ?"
    found = connection.execute(query, [job_id]).fetchall()
    return dict(json.loads(found[0][0])) if found else {}
