"""One network of a training, from its start to its finished weights: fit, and perhaps refit.

A job trains the networks of an ensemble one after another. Each is a function of the request and of
its own seed alone, and what it leaves is kept beside the checkpoints; so a resumed job goes on with
the network that was interrupted, and a kept result that has changed on disk is simply made again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rtsproj.errors import DamagedError
from rtsproj.jobs.files import require_space
from rtsproj.learning.checkpoint import newest_checkpoint, read_state, write_state
from rtsproj.learning.loop import Trainer
from rtsproj.learning.samples import Phase
from rtsproj.learning.session import Ledger, Session

_COPIES = 5
"""Sizes of the weights per checkpoint: model, two moments, best, one spare."""


@dataclass(frozen=True, slots=True)
class Member:
    """A finished network.

    Attributes:
        weights: its state.
        scored: state that the scores belong to: before a refit, the best of the fit.
        row: seed, best_step, steps_run, scores, curve, truths, refit, weights, seconds.
    """

    weights: Mapping[str, torch.Tensor]
    scored: Mapping[str, torch.Tensor]
    row: Mapping[str, Any]


def trained_member(session: Session) -> Member:
    """Train the session's member, or take it as an earlier start has left it.

    Raises:
        InterruptedJobError: stopped after a checkpoint.
        NeedsError: no positive label is left to learn from.
    """
    kept = _kept(session)
    if kept is not None:
        return kept
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
    member = _finished(session, trainer, ledger, carried)
    if session.ranks.leads:
        _keep(session, member)
    return member


def _path(session: Session) -> Path:
    return session.folder.checkpoint / "members" / f"{session.member:02}.pt"


def _kept(session: Session) -> Member | None:
    state = read_state(_path(session))
    if state is None or state["request_sha256"] != session.folder.request_sha256():
        return None
    return Member(state["weights"], state["scored"] or state["weights"], state["row"])


def _keep(session: Session, member: Member) -> None:
    path = _path(session)
    path.parent.mkdir(exist_ok=True)
    is_other = member.scored is not member.weights
    write_state(
        path,
        {
            "request_sha256": session.folder.request_sha256(),
            "weights": dict(member.weights),
            "scored": dict(member.scored) if is_other else {},
            "row": dict(member.row),
        },
    )


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
    if state["member"] != session.member:
        return None
    for what, now in (("threads", session.backend.threads), ("processes", session.ranks.world)):
        if state[what] != now:
            note(
                f"resumed with {now} {what} instead of {state[what]}: "
                "the weights will differ in the last bits from an undisturbed training"
            )
    note(f"resumed after step {state['ledger']['step']}")
    return state


def _fitted(
    session: Session, state: Mapping[str, Any] | None
) -> tuple[Trainer, Ledger, dict[str, Any]]:
    settings = session.request.settings
    trainer = Trainer(session, Phase.FIT, steps=settings.steps)
    _check_space(session, trainer.network)
    _tell_of_weights(session, trainer)
    truths = trainer.validator.truths
    if not truths:
        session.reporter.note(
            f"no validation: no slump lies in a validation block; trained for all "
            f"{settings.steps} steps, without scores"
        )
    ledger = trainer.run(trainer.restore(state) if state else Ledger(), carried={})
    refit = settings.refit == "all" and truths > 0
    carried = _fit_row(ledger, truths, refit_steps=settings.steps * refit)
    if refit and settings.members > 1:
        carried["scored"] = dict(ledger.best_weights)
    return trainer, ledger, carried


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


def _finished(
    session: Session, trainer: Trainer, ledger: Ledger, carried: Mapping[str, Any]
) -> Member:
    is_refit = bool(carried["refit_steps"])
    weights: Mapping[str, torch.Tensor] = {
        name: value.detach().cpu() for name, value in trainer.network.state_dict().items()
    }
    if ledger.best_weights and not is_refit:
        weights = ledger.best_weights
    row = {
        "seed": session.seed,
        "best_step": carried["best_step"],
        "steps_run": carried["steps_run"],
        "scores": carried["scores"],
        "curve": carried["curve"],
        "truths": carried["truths"],
        "refit": {"steps": ledger.step, "curve": list(ledger.curve)} if is_refit else None,
        "weights": asdict(trainer.report),
        "seconds": float(carried["seconds"]) + ledger.seconds * is_refit,
    }
    return Member(weights, carried.get("scored") or weights, row)


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
    if report.how == "model":
        text = f"warm start: the whole network of {report.origin}"
    session.reporter.note(text, sha256=report.sha256)


def _check_space(session: Session, network: nn.Module) -> None:
    weights = sum(one.numel() * 4 for one in network.parameters())
    kept = 2 * session.request.settings.members
    require_space(session.folder.path, needed=(3 * _COPIES + kept) * weights)
