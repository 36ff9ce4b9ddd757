"""Run a search in this process and read what it left."""

import json
from pathlib import Path

from rtsproj.domain.candidates import Outline
from rtsproj.domain.requests import InferRequest
from rtsproj.inference.shards import search
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter

Job = tuple[JobFolder, InferRequest]
MODEL = (Path("/none"), "")
"""Tests give their own network instead."""


def run(job: Job) -> tuple[Outline, ...]:
    search(*job, Reporter(job[0]))
    return tables.read_outlines(job[0].outlines)


def summary(job: Job) -> dict[str, object]:
    found: dict[str, object] = json.loads(job[0].done.read_text())["summary"]
    return found
