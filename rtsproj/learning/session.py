"""What a training works with, and what it knows of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from rtsproj.domain.requests import TrainRequest
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.backend import Backend
from rtsproj.learning.network import NetworkSpec
from rtsproj.learning.ranks import ALONE, Ranks
from rtsproj.learning.samples import MosaicPerThread, SubImages
from rtsproj.learning.start import Start
from rtsproj.learning.targets import LabelIndex


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
        start: weights that the network starts from.
        ranks: this process among those that train together.
        member: which network of the ensemble is trained, from 0.
    """

    folder: JobFolder
    request: TrainRequest
    reporter: Reporter
    backend: Backend
    index: LabelIndex
    readers: MosaicPerThread
    images: SubImages
    start: Start
    ranks: Ranks = ALONE
    member: int = 0

    @property
    def seed(self) -> int:
        """Seed of the member's weights and batches."""
        return self.request.settings.seed + self.member

    @property
    def member_request(self) -> TrainRequest:
        """The request with the member's seed; what is scored stays where the job's seed puts it."""
        return replace(self.request, settings=replace(self.request.settings, seed=self.seed))

    @property
    def spec(self) -> NetworkSpec:
        """The network of the settings."""
        return spec_of(self.request)


def spec_of(request: TrainRequest) -> NetworkSpec:
    """The network that a request asks for."""
    settings = request.settings
    return NetworkSpec(
        settings.architecture, settings.encoder, settings.output_stride, request.source.bands
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
        micro: chips per forward pass; less than asked for once memory ran out.
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
    micro: int = 0

    def plain(self) -> dict[str, Any]:
        """The same as lists, dicts, numbers and tensors: what a checkpoint may hold."""
        return {
            "step": self.step,
            "loss": self.loss,
            "best_step": self.best_step,
            "best_rank": list(self.best_rank),
            "best_scores": dict(self.best_scores),
            "best_weights": dict(self.best_weights),
            "stale": self.stale,
            "curve": [dict(point) for point in self.curve],
            "seconds": self.seconds,
            "micro": self.micro,
        }


def ledger_of(plain: Mapping[str, Any]) -> Ledger:
    """A ledger from what a checkpoint holds."""
    raw = dict(plain)
    return Ledger(**{**raw, "best_rank": tuple(raw["best_rank"]), "curve": tuple(raw["curve"])})
