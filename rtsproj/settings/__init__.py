"""project.toml as frozen dataclasses: every field has a unit, a range and a source.

Why dataclasses and a short reader: the file holds some forty numbers in eight tables; each is
checked where it is read, and an unknown key is an error that names the key, never a silent default.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from rtsproj.errors import UsageError

Preset = Literal["default", "xia2022"]
Loss = Literal["bce_dice", "focal_tversky", "bce", "focal"]
Precision = Literal["auto", "fp32", "bf16"]
EngineName = Literal["auto", "torch", "openvino"]
ScalingRule = Literal["percentile", "reflectance"]
Refit = Literal["none", "all"]
Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["one_cycle", "poly", "constant"]
WarmStart = Literal["none", "last"]
QueueOrder = Literal["batches", "score", "uncertainty", "lines", "map", "tile", "area"]


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """Identity of the project."""

    name: str = "untitled"
    """Title shown on every screen."""
    crs: str = "auto"
    """Projected CRS in metres, EPSG:n; auto = UTM zone of the first scene or area."""
    preset: Preset = "default"
    """Which set of values the other tables started from (method 4)."""


@dataclass(frozen=True, slots=True)
class ImagerySettings:
    """How scenes are read."""

    bands: tuple[str, ...] = ()
    """Bands of the network input in order; empty = those of the first map scene."""
    scaling: ScalingRule = "percentile"
    """percentile = 1st..99th of the map scenes, measured once; reflectance = 0..3000 (Xia 2022)."""
    max_pixels: int = 20_000_000_000
    """px; a scene that declares more is refused (faults 6)."""


@dataclass(frozen=True, slots=True)
class GridSettings:
    """The project grid of square tiles."""

    pixel_m: float = 0.0
    """m; 0 = pixel size of the first map scene."""
    core_px: int = 512
    """px; side of a tile: the part of a search window that is kept (stack 5.2)."""
    margin_px: int = 64
    """px; context on each side of the core; belongs to the model (stack 5.2)."""
    block_px: int = 512
    """px; side of a block of the spatial train/validation split."""
    validation_share: float = 0.2
    """0..1; share of blocks kept for validation, fixed when the first training starts."""
    seed: int = 1
    """Seed of the block hash."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Training of one iteration (method 5, stack 4)."""

    architecture: str = "DeepLabV3Plus"
    """Class name in segmentation-models-pytorch."""
    encoder: str = "tu-tf_efficientnet_lite0"
    """Any encoder of segmentation-models-pytorch with a dilated mode."""
    weights: str = "package:lite0"
    """package:lite0, file:PATH, hub:imagenet or random (stack 4.1)."""
    output_stride: int = 16
    """8 or 16 (Huang 2020: 16)."""
    chip_px: int = 256
    """px; side of a training chip."""
    batch: int = 8
    """Chips per step."""
    micro_batch: int = 0
    """Chips per forward pass, 0 = the whole batch. The gradient stays that of the whole batch, for
    a second forward pass; BatchNorm sees each micro batch by itself (learning.gradient)."""
    steps: int = 200
    """Most optimiser steps of one training."""
    learning_rate: float = 2e-3
    """Highest rate of the schedule."""
    optimizer: Optimizer = "adamw"
    """adamw, or sgd = momentum 0.9 (DeepLab's, which the rate of xia2022 was published for)."""
    schedule: Schedule = "one_cycle"
    """one_cycle (Smith 2018), poly = power 0.9 (DeepLab), or constant (learning.schedule)."""
    loss: Loss = "bce_dice"
    """Loss function (stack 4.3)."""
    buffer_m: float = 300.0
    """m; a label's bounding rectangle is grown by this (Huang 2020)."""
    background_m: float = 60.0
    """m; ground this near to a label is background. Further away it is background only where the
    network does not itself see a slump: unlabelled slumps must not be taught away."""
    collar_px: int = 1
    """px; ignored on both sides of a mined outline (method 5)."""
    positive_share: float = 0.5
    """0..1; share of chips that show a positive label."""
    reject_share: float = 0.2
    """0..1; share of chips that show a rejected candidate or a given negative."""
    negatives_per_positive: float = 2.7
    """Most negative labels per positive label (Huang 2020: 1177/429)."""
    reason_quota: float = 0.5
    """0..1; share of that cap that one reject reason may take (method 5); 1 = no quota."""
    validate_every: int = 40
    """Steps between two validations."""
    patience: int = 3
    """Validations without gain before an early stop."""
    refit: Refit = "none"
    """all = after the split has fixed the steps, the searching model is fitted on every label."""
    warm_start: WarmStart = "none"
    """last = the whole network starts from the previous iteration's model."""
    members: int = 1
    """Networks of an ensemble: trained one after another from seed, seed + 1 and so on."""
    checkpoint_every: int = 20
    """Steps between two checkpoints."""
    precision: Precision = "auto"
    """auto = bf16 on GPU, fp32 on CPU."""
    processes: int = 1
    """Processes of one training on this machine, one GPU each; 0 = one per GPU, 1 on a CPU."""
    deterministic: bool = False
    """Only repeatable kernels on a GPU, slower; a CPU repeats its bits anyway at an equal number of
    threads (learning.determinism)."""
    seed: int = 1
    """Seed of batches and weights."""
    flip: bool = True
    """Augment positives by flips (Huang 2021: F1 0.575)."""
    rotate: bool = False
    """Free rotation; measured to hurt (Huang 2020: F1 0.530)."""
    blur: bool = True
    """Augment positives by Gaussian blur, sigma 1 or 2 px (Huang 2020)."""
    scale: bool = True
    """Augment positives by zoom 0.75..1.25 (Huang 2020)."""
    brightness: float = 0.2
    """0..1; gain and offset jitter in scaled units; 0 = off."""


@dataclass(frozen=True, slots=True)
class InferSettings:
    """Search of the whole area."""

    threshold: float = 0.35
    """0..1; candidate cut: recall first, the analyst decides (method 4)."""
    min_px: int = 12
    """px; smaller specks are counted in the summary, not raised."""
    batch: int = 0
    """Windows per forward pass, a device setting; 0 = 1 on a CPU and 8 Mpx on a GPU, halved where
    memory runs out."""
    span: int = 2
    """Tiles along one side of a window, a device setting: 1 computes 1.56 px per useful one, 2
    computes 1.27 at grid.core_px 512 and grid.margin_px 64 (stack 5.2)."""
    blend_px: int = 0
    """px; side of windows that overlap by half and whose weighted mean is taken, a multiple of 64:
    no seams, at 4 to 5 times the cost (method 6.2); 0 = every window keeps its core."""
    engine: EngineName = "auto"
    """torch, or openvino (extra ``cpu``, CPU only); auto = openvino where it is installed and there
    is no GPU. Checked against fp32 torch at the start of every job."""
    precision: Precision = "auto"
    """auto = bf16 on GPU, fp32 on CPU."""
    shard_mpx: float = 64.0
    """Mpx of tiles that one process claims at a time (stack 6.1)."""
    processes: int = 0
    """Processes of one search on this machine; 0 = one per GPU, 1 on a CPU."""


@dataclass(frozen=True, slots=True)
class LineageSettings:
    """When a judged place is shown again (method 7)."""

    iou: float = 0.5
    """0..1; same place from here on (assumed)."""
    growth_px: float = 4.0
    """px area of opened growth that re-raises (Huang 2021: 36 m2 = 4 px of 3 m)."""


@dataclass(frozen=True, slots=True)
class TriageSettings:
    """Review of candidates."""

    order: QueueOrder = "batches"
    """batches = by probability in batches, shuffled inside a batch (method 8.4); uncertainty =
    nearest to 0.5 first; lines = nearest to a road or railway first; map = a walk over the area."""
    batch_size: int = 200
    """Candidates per batch of the queue."""
    small_px: int = 100
    """px; candidates below this area are last in the queue (method 4)."""
    hide_score: bool = True
    """Hide the model's score until the verdict."""
    reasons: tuple[str, ...] = ("mining", "river", "barren", "water", "snow", "other")
    """Reject reasons, method 8.3; extend them here."""
    evidence: tuple[str, ...] = ()
    """Up to three evidence bits of the project's own, keys 7-9 after the six of method 8.3."""
    criteria: tuple[str, ...] = ()
    """Lines of labelling criteria for the help screen; empty = those of method 8.1."""
    claim_days: float = 7.0
    """days; how long an analyst's candidates stay out of the others' queues (method 8.4)."""
    claim_ahead: int = 20
    """Candidates that are claimed at once, from where the analyst stands."""
    replicate_share: float = 0.0
    """0..1; share of decided candidates that are shown again, blind (method 8.5: 0.005)."""
    replicate_after_h: float = 24.0
    """h; earliest repeat to the same analyst."""
    break_min: float = 0.0
    """min; remind of a break after so long at the screen; 0 = never."""


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """Report of slumps near infrastructure."""

    distance_m: float = 500.0
    """m; headline distance (Xia abstract)."""
    table_m: tuple[float, ...] = (100.0, 250.0, 500.0, 1000.0, 2000.0)
    """m; distances of the table."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a project."""

    project: ProjectSettings = field(default_factory=ProjectSettings)
    imagery: ImagerySettings = field(default_factory=ImagerySettings)
    grid: GridSettings = field(default_factory=GridSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    infer: InferSettings = field(default_factory=InferSettings)
    lineage: LineageSettings = field(default_factory=LineageSettings)
    triage: TriageSettings = field(default_factory=TriageSettings)
    report: ReportSettings = field(default_factory=ReportSettings)


_RANGES: Mapping[str, tuple[float, float]] = {
    "grid.core_px": (32, 4096),
    "grid.margin_px": (0, 1024),
    "grid.block_px": (16, 1 << 20),
    "grid.validation_share": (0.0, 0.9),
    "train.output_stride": (8, 16),
    "train.chip_px": (32, 2048),
    "train.batch": (2, 1024),
    "train.micro_batch": (0, 1024),
    "train.steps": (1, 10_000_000),
    "train.learning_rate": (1e-8, 1.0),
    "train.buffer_m": (0, 100_000),
    "train.background_m": (0, 100_000),
    "train.positive_share": (0.0, 1.0),
    "train.reject_share": (0.0, 1.0),
    "train.reason_quota": (0.0, 1.0),
    "train.members": (1, 16),
    "train.processes": (0, 1024),
    "train.validate_every": (1, 10_000_000),
    "train.checkpoint_every": (1, 10_000_000),
    "infer.threshold": (0.01, 0.99),
    "infer.min_px": (1, 1_000_000),
    "infer.batch": (0, 1024),
    "infer.span": (1, 16),
    "infer.blend_px": (0, 2048),
    "infer.shard_mpx": (0.001, 1_000_000),
    "infer.processes": (0, 64),
    "lineage.iou": (0.01, 1.0),
    "lineage.growth_px": (0, 1_000_000),
    "triage.batch_size": (1, 1_000_000),
    "triage.claim_days": (0.0, 3650.0),
    "triage.claim_ahead": (1, 10_000),
    "triage.replicate_share": (0.0, 1.0),
    "triage.replicate_after_h": (0.0, 8760.0),
    "triage.break_min": (0.0, 1440.0),
    "report.distance_m": (0, 1_000_000),
}


def preset_settings(preset: Preset) -> Settings:
    """Settings a new project starts from (method 4: ``xia2022`` reproduces the published loop)."""
    base = Settings()
    if preset == "default":
        return base
    return replace(
        base,
        project=replace(base.project, preset=preset),
        imagery=replace(base.imagery, bands=("red", "green", "blue"), scaling="reflectance"),
        grid=replace(base.grid, core_px=160, margin_px=160),
        train=replace(
            base.train,
            encoder="tu-xception65",
            weights="hub:imagenet",
            chip_px=480,
            steps=30_000,
            learning_rate=0.007,
            optimizer="sgd",
            schedule="poly",
            reason_quota=1.0,
            validate_every=1000,
            checkpoint_every=1000,
            background_m=100_000.0,
            flip=False,
            brightness=0.0,
        ),
        infer=replace(base.infer, threshold=0.5, min_px=100, span=1),
    )


def read_settings(path: Path) -> Settings:
    """Read and check project.toml.

    Raises:
        UsageError: the file is missing, is not TOML, or holds an unknown key or a bad value.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} is missing", hint="restore it from a backup") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", hint="mend that line") from None
    return settings_from(raw, source=str(path))


def settings_from(raw: Mapping[str, Any], *, source: str) -> Settings:
    """Build settings from nested tables; values given win over the preset's.

    Raises:
        UsageError: an unknown table or key, a wrong type, or a value out of range.
    """
    project = raw.get("project", {})
    preset = project.get("preset", "default") if isinstance(project, Mapping) else "default"
    if preset not in get_args(Preset):
        raise _bad(source, "project.preset", preset, f"one of {', '.join(get_args(Preset))}")
    base = preset_settings("xia2022" if preset == "xia2022" else "default")
    known = {item.name for item in fields(Settings)}
    tables: dict[str, Any] = {}
    for name, values in raw.items():
        if name not in known or not isinstance(values, Mapping):
            raise _bad(source, name, values, f"one of the tables {', '.join(sorted(known))}")
        tables[name] = checked_table(getattr(base, name), values, f"{source}: {name}")
    return replace(base, **tables)


def checked_table(base: Any, values: Mapping[str, Any], where: str) -> Any:
    """One table of settings: what is given wins over ``base``; ``where`` names it in errors."""
    hints = get_type_hints(type(base))
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise _bad(where, key, value, f"one of {', '.join(sorted(hints))}")
        checked[key] = _value(hints[key], value, where=where, key=key)
    return replace(base, **checked)


def _value(hint: Any, value: Any, *, where: str, key: str) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        if value not in get_args(hint):
            raise _bad(where, key, value, f"one of {', '.join(map(str, get_args(hint)))}")
        return value
    if origin is tuple:
        inner = get_args(hint)[0]
        if not isinstance(value, list | tuple):
            raise _bad(where, key, value, "a list")
        return tuple(_value(inner, item, where=where, key=key) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not hint:
        raise _bad(where, key, value, f"of type {hint.__name__}")
    low, high = _RANGES.get(f"{where.rpartition(': ')[2]}.{key}", (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not low <= value <= high:
        raise _bad(where, key, value, f"within {low:g}..{high:g}")
    return value


def _bad(where: str, key: str, value: Any, wanted: str) -> UsageError:
    return UsageError(f"{where}: {key} = {value!r} is not accepted", hint=f"it must be {wanted}")


def settings_text(settings: Settings) -> str:
    """Render settings as TOML, one key a line, so that a person can edit and compare them."""
    lines: list[str] = ["# Settings of this rtsproj project; every change is recorded with the"]
    lines.append("# iteration that used it. `rtsproj --help` and the README explain each table.")
    for name, table in asdict(settings).items():
        lines.append(f"\n[{name}]")
        lines.extend(f"{key} = {_toml(value)}" for key, value in table.items())
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped)
        return f'"{escaped}"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
