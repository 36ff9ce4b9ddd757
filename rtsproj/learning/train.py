"""A training job from its folder to its model: fit, perhaps refit, then model and scores."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import DamagedError
from rtsproj.jobs.files import require_space, sha256_of, write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import read_labels
from rtsproj.learning.backend import Backend, choose_backend
from rtsproj.learning.checkpoint import newest_checkpoint
from rtsproj.learning.loop import Ledger, Session, Trainer
from rtsproj.learning.model_file import ModelInfo, save_model
from rtsproj.learning.samples import MosaicPerThread, Phase, SubImages
from rtsproj.learning.targets import LabelIndex
from rtsproj.learning.weights import WeightsChoice

_COPIES = 5
"""Sizes of the weights per checkpoint: model, two moments, best, one spare."""


def train(folder: JobFolder, request: TrainRequest, reporter: Reporter) -> None:
    """Train, or go on with a training, and leave model, scores and done.json.

    Raises:
        DamagedError: the labels do not match the request.
        NeedsError: no positive label is left to learn from.
        InterruptedJobError: stopped after a checkpoint.
    """
    with _session(folder, request, reporter) as session:
        state = _usable_state(session)
        carried: dict[str, Any] = dict(state["carried"]) if state else {}
        trainer, ledger = None, None
        if not carried:
            trainer, ledger, carried = _fitted(session, state)
            state = None
        if carried["refit_steps"]:
            trainer, ledger = _refitted(session, state, carried)
        if trainer is None or ledger is None:
            raise DamagedError("the checkpoint names no phase", hint="start a new training")
        _write(session, trainer, ledger, carried)


@contextmanager
def _session(folder: JobFolder, request: TrainRequest, reporter: Reporter) -> Iterator[Session]:
    if sha256_of(folder.labels) != request.training_sha256:
        raise DamagedError(
            f"{folder.labels} does not match the digest in the request", hint="start a new job"
        )
    labels = read_labels(folder.labels)
    backend = choose_backend(request.settings.precision)
    reporter.note(f"training on {backend.name} in {backend.precision}", backend=asdict(backend))
    readers = MosaicPerThread(request.source)
    settings = request.settings
    try:
        yield Session(
            folder=folder,
            request=request,
            reporter=reporter,
            backend=backend,
            index=LabelIndex(labels, request.source.grid, settings),
            readers=readers,
            images=SubImages(readers.read),
            weights=WeightsChoice(settings.weights, request.weights_path, request.weights_sha256),
        )
    finally:
        readers.close()


def _usable_state(session: Session) -> Mapping[str, Any] | None:
    restored = newest_checkpoint(session.folder.checkpoint)
    note = session.reporter.note
    for name in restored.refused:
        note(f"checkpoint {name} does not match its recorded sha256 and is passed over")
    state = restored.state
    if state is None:
        return None
    if state["request_sha256"] != session.folder.request_sha256():
        note("the checkpoint belongs to another request and is passed over")
        return None
    if state["threads"] != session.backend.threads:
        note(
            f"resumed with {session.backend.threads} threads instead of {state['threads']}: "
            "the weights will differ in the last bits from an undisturbed training"
        )
    note(f"resumed after step {state['ledger']['step']}")
    return state


def _fitted(
    session: Session, state: Mapping[str, Any] | None
) -> tuple[Trainer, Ledger, dict[str, Any]]:
    settings = session.request.settings
    trainer = Trainer(session, Phase.FIT, steps=settings.steps)
    _check_space(session.folder, trainer.network)
    _tell_of_weights(session, trainer)
    truths = trainer.validator.truths
    if not truths:
        session.reporter.note(
            f"no slump lies in a validation block: trained for {settings.steps} steps, no scores"
        )
    ledger = trainer.run(trainer.restore(state) if state else Ledger(), carried={})
    refit = settings.refit == "all" and truths > 0
    return trainer, ledger, _fit_row(ledger, truths, refit_steps=ledger.best_step * refit)


def _fit_row(ledger: Ledger, truths: int, *, refit_steps: int) -> dict[str, Any]:
    return {
        "best_step": ledger.best_step or ledger.step,
        "steps_run": ledger.step,
        "scores": dict(ledger.best_scores),
        "curve": [dict(point) for point in ledger.curve],
        "truths": truths,
        "seconds": ledger.seconds,
        "refit_steps": refit_steps,
    }


def _refitted(
    session: Session, state: Mapping[str, Any] | None, carried: dict[str, Any]
) -> tuple[Trainer, Ledger]:
    steps = int(carried["refit_steps"])
    trainer = Trainer(session, Phase.REFIT, steps=steps)
    if state is None:
        session.reporter.note(f"fitting again on all labels for {steps} steps")
        trainer.save(Ledger(), carried)
    ledger = trainer.restore(state) if state else Ledger()
    return trainer, trainer.run(ledger, carried=carried)


def _write(session: Session, trainer: Trainer, ledger: Ledger, carried: Mapping[str, Any]) -> None:
    request, folder = session.request, session.folder
    is_refit = bool(carried["refit_steps"])
    state = trainer.network.state_dict()
    if ledger.best_weights and not is_refit:
        state = dict(ledger.best_weights)
    digest = save_model(folder.model, state, _info(session))
    report = asdict(trainer.report)
    scores = {
        "best_step": carried["best_step"],
        "steps_run": carried["steps_run"],
        "scores": carried["scores"],
        "curve": carried["curve"],
        "validation_slumps": carried["truths"],
        "refit": {"steps": ledger.step, "curve": list(ledger.curve)} if is_refit else None,
        "weights": report,
        "backend": _backend_row(session.backend),
        "seconds": round(float(carried["seconds"]) + ledger.seconds * is_refit, 2),
    }
    text = json.dumps(scores, indent=1, sort_keys=True) + "\n"
    write_atomic(folder.scores, text.encode())
    summary = {
        "verb": request.verb,
        "model_sha256": digest,
        "best_step": carried["best_step"],
        "scores": carried["scores"],
    }
    session.reporter.finished(summary, outputs=[folder.model, folder.scores])


def _info(session: Session) -> ModelInfo:
    request = session.request
    return ModelInfo(
        spec=session.spec,
        scaling=request.source.scaling,
        pixel_m=request.source.grid.pixel_m,
        margin_px=request.margin_px,
        training_sha256=request.training_sha256,
        weights_origin=session.weights.origin,
        weights_sha256=session.weights.sha256,
        device=session.backend.name,
        torch_version=str(torch.__version__),
    )


def _backend_row(backend: Backend) -> dict[str, Any]:
    return {**asdict(backend), "torch": str(torch.__version__)}


def _tell_of_weights(session: Session, trainer: Trainer) -> None:
    report = trainer.report
    text = (
        f"weights {report.origin}: {report.matched} tensors matched by {report.how}, "
        f"{len(report.missing)} missing, {len(report.unexpected)} unexpected"
    )
    if report.how == "random":
        text = (
            "random weights: expect an object F1 near 0.39 where ImageNet weights give 0.90 to "
            "0.92 (synthetic scenes, 160 to 240 steps)"
        )
    session.reporter.note(text, sha256=report.sha256)


def _check_space(folder: JobFolder, network: nn.Module) -> None:
    weights = sum(one.numel() * 4 for one in network.parameters())
    require_space(folder.path, needed=3 * _COPIES * weights)
