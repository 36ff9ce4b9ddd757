"""The training loop: step, validate, save, stop early; resumed bit by bit on a CPU (stack 4.4)."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from rtsproj.domain.text import counted
from rtsproj.errors import InterruptedJobError, RtsError
from rtsproj.imagery.samples import Samples, samples_bytes, worst_and_best
from rtsproj.jobs.curves import CurvePoint
from rtsproj.jobs.files import write_atomic
from rtsproj.learning.checkpoint import save_checkpoint
from rtsproj.learning.gradient import Gradients
from rtsproj.learning.losses import loss_function
from rtsproj.learning.optimizer import optimizer_of
from rtsproj.learning.prefetch import prefetched
from rtsproj.learning.samples import Batch, Phase, Sampler
from rtsproj.learning.schedule import rate_at
from rtsproj.learning.session import Ledger, Session, ledger_of
from rtsproj.learning.start import started_network
from rtsproj.learning.telemetry import Telemetry
from rtsproj.learning.validate import Scores, Validator

NOTHING = (0.0, 0.0)
"""Rank of a network that finds nothing: until one finds something, the newest is the best."""
_CURVE_EVERY = 10
"""Steps between two points of the loss curve."""


class Trainer:
    """One phase of the training of one network."""

    def __init__(self, session: Session, phase: Phase, *, steps: int) -> None:
        request, ranks = session.request, session.ranks
        torch.manual_seed(2 * session.seed + phase)
        self._session = session
        self._phase = phase
        self._steps = steps
        built, self.report = started_network(session.spec, session.start, member=session.member)
        self.network = ranks.adapted(built, session.backend.device).to(session.backend.device)
        self._optimizer = optimizer_of(request.settings.optimizer, self.network)
        loss = loss_function(request.settings.loss, trim_share=request.settings.trim_share)
        self._gradients = Gradients(self.network, loss, session.backend, ranks=ranks)
        self._sampler = Sampler(
            session.member_request,
            session.index,
            phase,
            session.images,
            share=(ranks.rank, ranks.world),
        )
        self._micro = request.settings.micro_batch or self._sampler.chips
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
        ledger = ledger_of(state["ledger"])
        self._micro = min(self._micro, ledger.micro)
        return ledger

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
        ranks = self._session.ranks
        if self._is_enough(ledger):
            return ledger
        steps = range(ledger.step, self._steps)
        readers = self._session.backend.readers
        with prefetched(self._sampler.batch, steps, workers=readers) as batches:
            for batch in self._telemetry.waited(batches):
                if ranks.agreed(mine=reporter.should_stop()):
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
        if not session.ranks.leads:
            return
        state: dict[str, Any] = {
            "request_sha256": session.folder.request_sha256(),
            "member": session.member,
            "phase": int(self._phase),
            "threads": session.backend.threads,
            "processes": session.ranks.world,
            "torch": str(torch.__version__),
            "model": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "ledger": replace(ledger, micro=self._micro).plain(),
            "carried": dict(carried),
        }
        if session.backend.device == "cuda":
            state["cuda_rng"] = torch.cuda.get_rng_state()
        name = f"{session.member:02}-{int(self._phase)}-{ledger.step:07}"
        save_checkpoint(session.folder.checkpoint, name, state)

    def _advanced(self, ledger: Ledger, batch: Batch) -> Ledger:
        began = time.monotonic()
        rate, loss = self._step(ledger.step, batch)
        step = ledger.step + 1
        mean = loss if ledger.step == 0 else 0.9 * ledger.loss + 0.1 * loss
        ledger = replace(ledger, step=step, loss=mean)
        scores: Scores | None = None
        is_last = step == self._steps
        if step % _CURVE_EVERY == 0 or is_last:
            row = {"step": step, "loss": mean, "learning_rate": rate}
            ledger = replace(ledger, curve=(*ledger.curve, row))
        if self._validates and (
            step % self._session.request.settings.validate_every == 0 or is_last
        ):
            ledger, scores = self._validated(ledger)
        seconds = time.monotonic() - began
        if self._session.ranks.leads:
            point = self._point(ledger, scores, loss=loss, rate=rate)
            self._telemetry.tell(point)
            self._show(ledger, rate=rate, seconds=seconds)
        return replace(ledger, seconds=ledger.seconds + seconds)

    def _step(self, step: int, batch: Batch) -> tuple[float, float]:
        settings = self._session.request.settings
        rate, beta = rate_at(
            settings.schedule, step, steps=self._steps, peak=settings.learning_rate
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
            if "betas" in group:
                group["betas"] = (beta, 0.999)
        self.network.train()
        loss = self._left(batch)
        self._optimizer.step()
        value = float(loss.item())
        if not math.isfinite(value):
            raise RtsError(
                f"the loss is {value} after step {step + 1}",
                hint="lower train.learning_rate, or look for odd values with rtsproj scene check",
            )
        return rate, value

    def _left(self, batch: Batch) -> torch.Tensor:
        """Leave the batch's gradient, in smaller micro batches where memory runs out on a rank."""
        while True:
            try:
                return self._gradients.leave(batch, micro=self._micro)
            except torch.OutOfMemoryError as error:
                self._halve(len(batch.images), error)
            if self._session.backend.device == "cuda":
                torch.cuda.empty_cache()

    def _halve(self, chips: int, error: torch.OutOfMemoryError) -> None:
        micro = min(self._micro, chips)
        told = f"memory ran out with {counted(micro, 'chip')} per forward pass"
        if micro == 1:
            raise RtsError(
                told, hint="lower train.chip_px, or choose a smaller train.encoder"
            ) from error
        self._micro = micro // 2
        self._session.reporter.note(
            f"{told}: going on with {self._micro}; the gradient stays that of the whole batch, "
            "BatchNorm sees the smaller parts"
        )

    def _validated(self, ledger: Ledger) -> tuple[Ledger, Scores | None]:
        """Score the network on rank 0; the others learn what follows from it."""
        ranks, scores = self._session.ranks, None
        if ranks.leads:
            ledger, scores = self._scored(ledger)
        said = ranks.told((ledger.best_step, ledger.best_rank, ledger.stale))
        best_step, best_rank, stale = said
        return replace(ledger, best_step=best_step, best_rank=best_rank, stale=stale), scores

    def _scored(self, ledger: Ledger) -> tuple[Ledger, Scores]:
        reporter = self._session.reporter
        mosaic = self._session.readers.mosaic()
        scores = self.validator.scores(self.network, mosaic, reporter.beat)
        row = {"step": ledger.step, "loss": ledger.loss, **scores.row()}
        reporter.note(f"validation after step {ledger.step}", scores=scores.row())
        shown = Samples(ledger.step, worst_and_best(self.validator.samples))
        write_atomic(self._session.folder.samples, samples_bytes(shown))
        ledger = replace(ledger, curve=(*ledger.curve, row))
        if scores.rank <= ledger.best_rank and ledger.best_rank > NOTHING:
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
        one = (int(self._phase) - 1 + ledger.step / self._steps) / phases
        done = (self._session.member + one) / settings.members
        metrics = {
            "step": float(ledger.step),
            "steps": float(self._steps),
            "loss": ledger.loss,
            "learning_rate": rate,
            "seconds_per_step": seconds,
            "phase": float(self._phase),
            "stale": float(ledger.stale),
            "patience": float(settings.patience),
            "best_step": float(ledger.best_step),
            **self._telemetry.metrics(),
        }
        if ledger.best_step:
            metrics |= {"f1": ledger.best_rank[0], "pixel_iou": ledger.best_rank[1]}
        name = "training" if self._phase is Phase.FIT else "training on all labels"
        if settings.members > 1:
            name = f"network {self._session.member + 1} of {settings.members}, {name}"
        message = f"{name}: step {ledger.step} of {self._steps}, loss {ledger.loss:.3f}"
        self._session.reporter.progress(min(done, 0.99), message, metrics=metrics)

    def _point(
        self, ledger: Ledger, scores: Scores | None, *, loss: float, rate: float
    ) -> CurvePoint:
        return CurvePoint(
            phase=int(self._phase),
            step=ledger.step,
            loss=loss,
            mean_loss=ledger.loss,
            learning_rate=rate,
            pixel_iou=scores.rank[1] if scores else None,
            f1=scores.rank[0] if scores else None,
            at=time.time(),
            member=self._session.member,
        )
