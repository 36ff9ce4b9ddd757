"""A training job from its folder to its model: every network, then model file and scores."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import torch

from rtsproj import __version__
from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import DamagedError
from rtsproj.imagery.samples import Samples, samples_bytes, worst_and_best
from rtsproj.jobs.files import sha256_of, write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import read_labels
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.determinism import repeatable
from rtsproj.learning.members import Member, trained_member
from rtsproj.learning.model_file import (
    Ensemble,
    MeanOfMembers,
    ModelInfo,
    ensemble_state,
    save_model,
)
from rtsproj.learning.network import build_network
from rtsproj.learning.ranks import ALONE, Ranks
from rtsproj.learning.samples import MosaicPerThread, SubImages
from rtsproj.learning.session import Session
from rtsproj.learning.start import start_of
from rtsproj.learning.targets import LabelIndex
from rtsproj.learning.validate import Validator


def train(
    folder: JobFolder, request: TrainRequest, reporter: Reporter, *, ranks: Ranks = ALONE
) -> None:
    """Train, or go on with a training, and leave model, scores and done.json.

    Raises:
        DamagedError: the labels do not match the request.
        NeedsError: no positive label is left to learn from.
        UsageError: weights or batch do not fit.
        InterruptedJobError: stopped after a checkpoint.
    """
    ranks.require_equal_shares(request.settings.batch)
    with (
        repeatable(wanted=request.settings.deterministic),
        _session(folder, request, reporter, ranks=ranks) as session,
    ):
        members = [
            trained_member(replace(session, member=n)) for n in range(request.settings.members)
        ]
        if ranks.leads:
            _write(session, members)


@contextmanager
def _session(
    folder: JobFolder, request: TrainRequest, reporter: Reporter, *, ranks: Ranks
) -> Iterator[Session]:
    if sha256_of(folder.labels) != request.training_sha256:
        raise DamagedError(
            f"{folder.labels} does not match the digest in the request", hint="start a new job"
        )
    labels = read_labels(folder.labels)
    backend = choose_backend(request.settings.precision)
    several = f", {ranks.world} processes" * (ranks.world > 1)
    reporter.note(
        f"training on {backend.name} in {backend.precision}{several}", backend=asdict(backend)
    )
    readers = MosaicPerThread(request.source)
    try:
        yield Session(
            folder=folder,
            request=request,
            reporter=reporter,
            backend=backend,
            index=LabelIndex(labels, request.source.grid, request.settings),
            readers=readers,
            images=SubImages(readers.read),
            start=start_of(request),
            ranks=ranks,
        )
    finally:
        readers.close()


def _write(session: Session, members: Sequence[Member]) -> None:
    folder, first = session.folder, members[0].row
    scores = first["scores"] if len(members) == 1 else _scores_of_mean(session, members)
    state = ensemble_state([one.weights for one in members])
    digest = save_model(folder.model, state, _info(session))
    said = {
        "best_step": first["best_step"],
        "steps_run": first["steps_run"],
        "scores": scores,
        "curve": first["curve"],
        "validation_slumps": first["truths"],
        "refit": first["refit"],
        "weights": first["weights"],
        "members": [_member_row(one) for one in members],
        "backend": _backend_row(session),
        "seconds": round(sum(float(one.row["seconds"]) for one in members), 2),
    }
    text = json.dumps(said, indent=1, sort_keys=True) + "\n"
    write_atomic(folder.scores, text.encode())
    summary = {
        "verb": session.request.verb,
        "model_sha256": digest,
        "best_step": first["best_step"],
        "scores": scores,
    }
    session.reporter.finished(summary, outputs=[folder.model, folder.scores])


def _scores_of_mean(session: Session, members: Sequence[Member]) -> Mapping[str, Any]:
    """Scores of the ensemble's mean probability; {} where no slump lies in a validation block."""
    validator = Validator(session.request, session.index, session.backend)
    if not validator.truths:
        return {}
    networks = []
    for one in members:
        networks.append(build_network(session.spec))
        networks[-1].load_state_dict(one.scored)
    ensemble = MeanOfMembers(Ensemble(networks)).to(session.backend.device)
    mosaic = session.readers.mosaic()
    scores = validator.scores(ensemble, mosaic, session.reporter.beat)
    shown = Samples(members[0].row["best_step"], worst_and_best(validator.samples))
    write_atomic(session.folder.samples, samples_bytes(shown))
    session.reporter.note(f"mean probability of {len(members)} networks", scores=scores.row())
    return scores.row()


def _member_row(member: Member) -> dict[str, Any]:
    return {name: member.row[name] for name in ("seed", "best_step", "steps_run", "scores")}


def _info(session: Session) -> ModelInfo:
    request = session.request
    return ModelInfo(
        spec=session.spec,
        scaling=request.source.scaling,
        pixel_m=request.source.grid.pixel_m,
        margin_px=request.margin_px,
        training_sha256=request.training_sha256,
        weights_origin=session.start.origin,
        weights_sha256=session.start.sha256,
        device=session.backend.name,
        torch_version=str(torch.__version__),
        members=request.settings.members,
    )


def _backend_row(session: Session) -> dict[str, Any]:
    return {
        **asdict(session.backend),
        "processes": session.ranks.world,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "program": f"rtsproj {__version__}",
    }
