"""Write a model's card beside it, from the facts of its job folder."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rtsproj.domain.requests import TrainRequest
from rtsproj.domain.text import counted
from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.tables import read_labels
from rtsproj.reports.model_card import ModelCard, card_text
from rtsproj.workflow.project import Project


def card_path(project: Project, sha256: str) -> Path:
    """``models/<sha256>.md``."""
    return project.models / f"{sha256}.md"


def write_card(project: Project, folder: JobFolder, request: TrainRequest, *, sha256: str) -> None:
    """Write the card of the model that a finished training has left; safe to repeat.

    Args:
        project: whose model it is.
        folder: the job.
        request: of the training that made the model; of a sweep, its best run's.
        sha256: digest of the model file.
    """
    said = json.loads(folder.scores.read_text(encoding="utf-8"))
    card = _card(project, folder, request, said)
    text = card_text(ModelCard(**{**card, "sha256": sha256}))
    write_atomic(card_path(project, sha256), text.encode())


def _card(
    project: Project, folder: JobFolder, request: TrainRequest, said: dict[str, Any]
) -> dict[str, Any]:
    settings, source = request.settings, request.source
    scaling = source.scaling
    refit = said.get("refit")
    return {
        "project": project.settings.project.name,
        "job": request.job,
        "iteration": request.iteration,
        "network": f"{settings.architecture} on {settings.encoder}",
        "members": settings.members,
        "bands": tuple(zip(source.bands, scaling.low, scaling.high, strict=True)),
        "pixel_m": source.grid.pixel_m,
        "labels": _label_counts(folder),
        "training_sha256": request.training_sha256,
        "scenes": [(one.name, one.acquired.isoformat(), one.fingerprint) for one in source.scenes],
        "split": _split_text(request, said)
        + (f" Fitted again on every label for {refit['steps']} steps." if refit else ""),
        "parents": _parents(request),
        "scores": said["scores"],
        "member_scores": said.get("members", ()),
        "curve": said["curve"],
        "settings": asdict(settings),
        "environment": dict(sorted(said["backend"].items())),
    }


def _label_counts(folder: JobFolder) -> list[tuple[str, str, str, int]]:
    counts = Counter((str(x.polarity), x.origin, x.reason) for x in read_labels(folder.labels))
    return [(*key, count) for key, count in sorted(counts.items())]


def _split_text(request: TrainRequest, said: dict[str, Any]) -> str:
    split = request.split
    if not said["validation_slumps"]:
        return "Not validated: no known slump could be kept from training."
    return (
        f"{len(split.validation)} blocks of {split.block_px} px are kept for validation, with "
        f"{counted(said['validation_slumps'], 'slump')}; no training pixel comes from them."
    )


def _parents(request: TrainRequest) -> list[tuple[str, str, str]]:
    if request.warm_model:
        return [("whole network", f"model {request.warm_model}", request.warm_sha256)]
    return [("encoder", request.settings.weights, request.weights_sha256)]
