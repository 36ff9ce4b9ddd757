"""The training loop: step, validate, save, stop early; resumed bit by bit on a CPU (stack 4.4)."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import InterruptedJobError, RtsError
from rtsproj.imagery.samples import Samples, samples_bytes, worst_and_best
from rtsproj.jobs.curves import CurvePoint
from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.backend import Backend
from rtsproj.learning.checkpoint import save_checkpoint
from rtsproj.learning.inputs import network_tensor
from rtsproj.learning.losses import loss_function
from rtsproj.learning.network import NetworkSpec, build_network
from rtsproj.learning.prefetch import prefetched
from rtsproj.learning.samples import Batch, MosaicPerThread, Phase, Sampler, SubImages
from rtsproj.learning.targets import LabelIndex
from rtsproj.learning.telemetry import Telemetry
from rtsproj.learning.validate import Scores, Validator
from rtsproj.learning.weights import WeightsChoice, WeightsReport, load_encoder

_CURVE_EVERY = 10
"""Steps between two points of the loss curve."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a training works with.

    Attributes:
        folder: the job.
        request: what is asked.
        reporter: where progress goes.
        backend: device and precision.
        index: labels by place.
        readers: raster handles, one per thread.
        images: raw sub-images of the labels.
        weights: what the encoder starts from.
    """

    folder: JobFolder
    request: TrainRequest
    reporter: Reporter
    backend: Backend
    index: LabelIndex
    readers: MosaicPerThread
    images: SubImages
    weights: WeightsChoice

    @property
    def spec(self) -> NetworkSpec:
        """The network of the settings."""
        settings = self.request.settings
        return NetworkSpec(
            settings.architecture,
            settings.encoder,
            settings.output_stride,
            self.request.source.bands,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a training knows of itself; all of it goes into a checkpoint.

    Attributes:
        step: steps done.
        loss: moving mean of the loss.
        best_step: step of the best scores, 0 = none yet.
        best_rank: object F1 at IoU 0.3 and pixel IoU there.
        best_scores: all scores there.
        best_weights: state of the network there.
        stale: validations without gain since.
        curve: points (step, loss, learning rate, scores where validated).
        seconds: s of work over all starts.
    """

    step: int = 0
    loss: float = 0.0
    best_step: int = 0
    best_rank: tuple[float, float] = (-1.0, -1.0)
    best_scores: Mapping[str, Any] = field(default_factory=dict)
    best_weights: Mapping[str, torch.Tensor] = field(default_factory=dict)
    stale: int = 0
    curve: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0


def one_cycle(step: int, *, steps: int, peak: float) -> tuple[float, float]:
    """Learning rate and first beta of AdamW at a step: torch's OneCycleLR as a pure function.

    Why not the scheduler: a function of the step has no state to save or to get wrong.

    Returns:
        (rate, beta): rate from peak/25 over peak at 30 % to peak/250000; beta .95, .85, .95.
    """
    turn, end = 0.3 * steps - 1, steps - 1
    if turn > 0 and step <= turn:
        share = step / turn
        return _cosine(peak / 25, peak, share), _cosine(0.95, 0.85, share)
    share = min(1.0, (step - turn) / max(1e-9, end - turn)) if step > turn else 0.0
    return _cosine(peak, peak / 250_000, share), _cosine(0.85, 0.95, share)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


class Trainer:
    """One phase of a training on one network."""

    def __init__(self, session: Session, phase: Phase, *, steps: int) -> None:
        request = session.request
        torch.manual_seed(2 * request.settings.seed + phase)
        self._session = session
        self._phase = phase
        self._steps = steps
        self.network: nn.Module = build_network(session.spec)
        self.report: WeightsReport = load_encoder(self.network, session.spec, session.weights)
        self.network.to(session.backend.device)
        self._optimizer = torch.optim.AdamW(self.network.parameters(), lr=1.0, fused=True)
        self._loss = loss_function(request.settings.loss)
        self._sampler = Sampler(request, session.index, phase, session.images)
        self.validator = Validator(request, session.index, session.backend)
        self._telemetry = Telemetry(session.folder.curve, session.backend)
        self._validates = phase is Phase.FIT and self.validator.truths > 0

    def restore(self, state: Mapping[str, Any]) -> Ledger:
        """Take up a saved state; returns its ledger."""
        self.network.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        if "cuda_rng" in state and self._session.backend.device == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"])
        raw = dict(state["ledger"])
        return Ledger(**{**raw, "best_rank": tuple(raw["best_rank"]), "curve": tuple(raw["curve"])})

    def run(self, ledger: Ledger, *, carried: Mapping[str, Any]) -> Ledger:
        """Train from a ledger's step to the end of the phase.

        Args:
            ledger: fresh, or restored.
            carried: what later phases need of earlier ones; goes into each checkpoint.

        Raises:
            InterruptedJobError: someone asked to stop; the state is saved.
            RtsError: the loss is no number any more.
        """
        settings, reporter = self._session.request.settings, self._session.reporter
        if self._is_enough(ledger):
            return ledger
        steps = range(ledger.step, self._steps)
        readers = self._session.backend.readers
        with prefetched(self._sampler.batch, steps, workers=readers) as batches:
            for batch in self._telemetry.waited(batches):
                if reporter.should_stop():
                    self.save(ledger, carried)
                    raise InterruptedJobError(
                        f"stopped after step {ledger.step} of {self._steps}",
                        hint="resume the job: it goes on with the next step",
                    )
                ledger = self._advanced(ledger, batch)
                if ledger.step % settings.checkpoint_every == 0:
                    self.save(ledger, carried)
                if self._is_enough(ledger):
                    break
        return ledger

    def save(self, ledger: Ledger, carried: Mapping[str, Any]) -> None:
        """Write a checkpoint of everything that the next step depends on."""
        session = self._session
        state: dict[str, Any] = {
            "request_sha256": session.folder.request_sha256(),
            "phase": int(self._phase),
            "threads": session.backend.threads,
            "torch": str(torch.__version__),
            "model": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "ledger": _plain(ledger),
            "carried": dict(carried),
        }
        if session.backend.device == "cuda":
            state["cuda_rng"] = torch.cuda.get_rng_state()
        save_checkpoint(session.folder.checkpoint, f"{int(self._phase)}-{ledger.step:07}", state)

    def _advanced(self, ledger: Ledger, batch: Batch) -> Ledger:
        began = time.monotonic()
        rate, loss = self._step(ledger.step, batch)
        step = ledger.step + 1
        mean = loss if ledger.step == 0 else 0.9 * ledger.loss + 0.1 * loss
        ledger = replace(ledger, step=step, loss=mean)
        scores: Scores | None = None
        is_last = step == self._steps
        if step % _CURVE_EVERY == 0 or is_last:
            point = {"step": step, "loss": mean, "learning_rate": rate}
            ledger = replace(ledger, curve=(*ledger.curve, point))
        if self._validates and (
            step % self._session.request.settings.validate_every == 0 or is_last
        ):
            ledger, scores = self._validated(ledger)
        seconds = time.monotonic() - began
        self._telemetry.tell(_point(self._phase, ledger, scores, loss=loss, rate=rate))
        self._show(ledger, rate=rate, seconds=seconds)
        return replace(ledger, seconds=ledger.seconds + seconds)

    def _step(self, step: int, batch: Batch) -> tuple[float, float]:
        backend = self._session.backend
        peak = self._session.request.settings.learning_rate
        rate, beta = one_cycle(step, steps=self._steps, peak=peak)
        for group in self._optimizer.param_groups:
            group["lr"], group["betas"] = rate, (beta, 0.999)
        self.network.train()
        targets = torch.from_numpy(batch.targets).to(backend.device)
        with backend.autocast():
            logits = self.network(network_tensor(batch.images, backend))
        loss = self._loss(logits[:, 0], targets)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimizer.step()
        value = float(loss.item())
        if not math.isfinite(value):
            raise RtsError(
                f"the loss is {value} after step {step + 1}",
                hint="lower train.learning_rate, or look for odd values with rtsproj scene check",
            )
        return rate, value

    def _validated(self, ledger: Ledger) -> tuple[Ledger, Scores]:
        reporter = self._session.reporter
        mosaic = self._session.readers.mosaic()
        scores = self.validator.scores(self.network, mosaic, reporter.beat)
        row = {"step": ledger.step, "loss": ledger.loss, **scores.row()}
        reporter.note(f"validation after step {ledger.step}", scores=scores.row())
        shown = Samples(ledger.step, worst_and_best(self.validator.samples))
        write_atomic(self._session.folder.samples, samples_bytes(shown))
        ledger = replace(ledger, curve=(*ledger.curve, row))
        if scores.rank <= ledger.best_rank:
            return replace(ledger, stale=ledger.stale + 1), scores
        weights = {k: v.detach().cpu().clone() for k, v in self.network.state_dict().items()}
        best = replace(
            ledger,
            best_step=ledger.step,
            best_rank=scores.rank,
            best_scores=scores.row(),
            best_weights=weights,
            stale=0,
        )
        return best, scores

    def _is_enough(self, ledger: Ledger) -> bool:
        has_learnt = ledger.best_rank[0] > 0
        is_stale = has_learnt and ledger.stale >= self._session.request.settings.patience
        return ledger.step >= self._steps or is_stale

    def _show(self, ledger: Ledger, *, rate: float, seconds: float) -> None:
        settings = self._session.request.settings
        phases = 2 if settings.refit == "all" and self.validator.truths else 1
        done = (int(self._phase) - 1 + ledger.step / self._steps) / phases
        metrics = {
            "step": float(ledger.step),
            "steps": float(self._steps),
            "loss": ledger.loss,
            "learning_rate": rate,
            "seconds_per_step": seconds,
            "phase": float(self._phase),
            "stale": float(ledger.stale),
            "patience": float(settings.patience),
            **self._telemetry.metrics(),
        }
        if ledger.best_step:
            metrics |= {"f1": ledger.best_rank[0], "pixel_iou": ledger.best_rank[1]}
            metrics["best_step"] = float(ledger.best_step)
        name = "training" if self._phase is Phase.FIT else "training on all labels"
        message = f"{name}: step {ledger.step} of {self._steps}, loss {ledger.loss:.3f}"
        self._session.reporter.progress(min(done, 0.99), message, metrics=metrics)


def _point(
    phase: Phase, ledger: Ledger, scores: Scores | None, *, loss: float, rate: float
) -> CurvePoint:
    return CurvePoint(
        phase=int(phase),
        step=ledger.step,
        loss=loss,
        mean_loss=ledger.loss,
        learning_rate=rate,
        pixel_iou=scores.rank[1] if scores else None,
        f1=scores.rank[0] if scores else None,
        at=time.time(),
    )


def _plain(ledger: Ledger) -> dict[str, Any]:
    return {
        "step": ledger.step,
        "loss": ledger.loss,
        "best_step": ledger.best_step,
        "best_rank": list(ledger.best_rank),
        "best_scores": dict(ledger.best_scores),
        "best_weights": dict(ledger.best_weights),
        "stale": ledger.stale,
        "curve": [dict(point) for point in ledger.curve],
        "seconds": ledger.seconds,
    }
