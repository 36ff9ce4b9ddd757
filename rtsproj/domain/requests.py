"""What a job is asked to do: the frozen request.json that desk and workshop share."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.labels import Subset
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.settings import InferSettings, TrainSettings, settings_from

Value = str | int | float | bool
"""A setting's value in a sweep."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """One recorded rule per project: value -> (value - low) / (high - low), per band."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ImagerySource:
    """All that reading the search mosaic needs.

    Attributes:
        grid: the project grid.
        scenes: map scenes in reading order (first valid pixel wins).
        bands: network input bands, in order.
        scaling: the project's rule, one entry per band.
        extent: smallest window that holds all map imagery of the area.
    """

    grid: ProjectGrid
    scenes: tuple[SceneSpec, ...]
    bands: tuple[str, ...]
    scaling: Scaling
    extent: Window


@dataclass(frozen=True, slots=True)
class Split:
    """The spatial split: blocks of ``block_px`` grid pixels; those listed are validation."""

    block_px: int
    validation: tuple[tuple[int, int], ...]

    def subset(self, row: int, col: int) -> Subset:
        """Side of the split that a pixel of the grid is on."""
        is_kept = (row // self.block_px, col // self.block_px) in self.validation
        return Subset.VALIDATION if is_kept else Subset.TRAIN


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """Train one model. Labels are in inputs/labels.jsonl (see jobs.tables)."""

    job: int
    iteration: int
    source: ImagerySource
    split: Split
    settings: TrainSettings
    weights_path: str
    """absolute path of the encoder weights; empty for random or hub."""
    weights_sha256: str
    training_sha256: str
    """digest of inputs/labels.jsonl."""
    margin_px: int
    warm_path: str = ""
    """absolute path of the model whose whole network this one starts from; empty without."""
    warm_sha256: str = ""
    warm_model: int = 0
    """number of that model in the project."""
    runs: tuple[Mapping[str, Value], ...] = ()
    """a sweep: settings that differ, run by run; empty for one training."""
    take_best: bool = False
    """True: the model of the best run becomes the job's; False: a sweep leaves only its table."""
    verb: Literal["train"] = "train"


@dataclass(frozen=True, slots=True)
class InferRequest:
    """Search tiles. inputs/tiles.jsonl lists them; inputs/area.wkb is the area."""

    job: int
    iteration: int
    source: ImagerySource
    settings: InferSettings
    model_path: str
    """absolute path of the .safetensors."""
    model_sha256: str
    core_px: int
    margin_px: int
    verb: Literal["infer"] = "infer"


def run_request(request: TrainRequest, changes: Mapping[str, Value]) -> TrainRequest:
    """The training that one run of a sweep is.

    Raises:
        UsageError: a setting is not known, or a value is not accepted.
    """
    raw = {**asdict(request.settings), **changes}
    settings = settings_from({"train": raw}, source="the sweep").train
    return replace(request, settings=settings, runs=(), take_best=False)


def request_text(request: TrainRequest | InferRequest) -> str:
    """request.json: sorted keys, so that its digest is repeatable."""
    return json.dumps(asdict(request), indent=1, sort_keys=True, default=str) + "\n"


def read_request(text: str) -> TrainRequest | InferRequest:
    """Parse request.json back into its dataclass."""
    raw = json.loads(text)
    raw["source"] = _source(raw["source"])
    if raw["verb"] == "train":
        raw["settings"] = settings_from({"train": raw["settings"]}, source="request.json").train
        blocks = tuple((int(r), int(c)) for r, c in raw["split"]["validation"])
        raw["split"] = Split(int(raw["split"]["block_px"]), blocks)
        raw["runs"] = tuple(raw.get("runs", ()))
        return TrainRequest(**raw)
    raw["settings"] = settings_from({"infer": raw["settings"]}, source="request.json").infer
    return InferRequest(**raw)


def _source(raw: dict[str, Any]) -> ImagerySource:
    return ImagerySource(
        grid=ProjectGrid(**raw["grid"]),
        scenes=tuple(_scene(one) for one in raw["scenes"]),
        bands=tuple(raw["bands"]),
        scaling=Scaling(tuple(raw["scaling"]["low"]), tuple(raw["scaling"]["high"])),
        extent=Window(**raw["extent"]),
    )


def _scene(raw: dict[str, Any]) -> SceneSpec:
    return SceneSpec(
        **{
            **raw,
            "role": Role(raw["role"]),
            "acquired": date.fromisoformat(raw["acquired"]),
            "bands": tuple(raw["bands"]),
        }
    )
