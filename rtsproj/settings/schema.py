"""Every setting of a project as a field: its type, its range and unit, its default, its meaning.

The range stands in the field's type and the meaning below the field; the reader, the settings
screen and ``rtsproj settings`` take both from here.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from rtsproj.settings.ranges import Items, Range

SHARE = Range(0, 1)
SEED = Range(0, 2**63 - 1)
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
    max_pixels: Annotated[int, Range(1, 10**15, "px")] = 20_000_000_000
    """A scene that declares more is refused (faults 6)."""


@dataclass(frozen=True, slots=True)
class GridSettings:
    """The project grid of square tiles."""

    pixel_m: Annotated[float, Range(0, 10_000, "m")] = 0.0
    """0 = pixel size of the first map scene."""
    core_px: Annotated[int, Range(32, 4096, "px")] = 512
    """Side of a tile: the part of a search window that is kept (stack 5.2)."""
    margin_px: Annotated[int, Range(0, 1024, "px")] = 64
    """Context on each side of the core; belongs to the model (stack 5.2)."""
    block_px: Annotated[int, Range(16, 1 << 20, "px")] = 512
    """Side of a block of the spatial train/validation split."""
    validation_share: Annotated[float, Range(0, 0.9)] = 0.2
    """Share of blocks kept for validation, fixed when the first training starts."""
    seed: Annotated[int, SEED] = 1
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
    output_stride: Literal[8, 16] = 16
    """Output stride of the encoder (Huang 2020: 16)."""
    chip_px: Annotated[int, Range(32, 2048, "px", derived=True)] = 0
    """Side of a training chip; from the data: by the length of a known slump."""
    batch: Annotated[int, Range(2, 1024, "chips")] = 8
    """Chips per step."""
    micro_batch: Annotated[int, Range(0, 1024, "chips")] = 0
    """Chips per forward pass, 0 = the whole batch. The gradient stays that of the whole batch, for
    a second forward pass; BatchNorm sees each micro batch by itself (learning.gradient)."""
    steps: Annotated[int, Range(1, 10_000_000, "steps", derived=True)] = 0
    """Most optimiser steps of one training; from the data: by the number of known slumps."""
    learning_rate: Annotated[float, Range(1e-8, 1)] = 2e-3
    """Highest rate of the schedule."""
    optimizer: Optimizer = "adamw"
    """adamw, or sgd = momentum 0.9 (DeepLab's, which the rate of xia2022 was published for)."""
    schedule: Schedule = "one_cycle"
    """one_cycle (Smith 2018), poly = power 0.9 (DeepLab), or constant (learning.schedule)."""
    loss: Loss = "bce_dice"
    """Loss function (stack 4.3)."""
    buffer_m: Annotated[float, Range(0, 100_000, "m", derived=True)] = 0.0
    """A label's bounding rectangle is grown by this; from the data: half a chip."""
    background_m: Annotated[float, Range(0, 100_000, "m", derived=True)] = 0.0
    """Ground this near to a digitised slump is background; from the data: a tenth of the length of
    a known slump. A model's outline may be a part of its
    slump: the ground round it stays unlabelled."""
    trim_share: Annotated[float, SHARE] = 0.25
    """Share of a batch's unlabelled pixels that teach nothing, those that look most like slumps:
    slumps that nobody has drawn yet must not be taught away. Of more than 10 known slumps, in
    proportion less."""
    collar_px: Annotated[int, Range(0, 64, "px")] = 1
    """Ignored on both sides of a mined outline (method 5)."""
    positive_share: Annotated[float, SHARE] = 0.5
    """Share of chips that show a positive label."""
    reject_share: Annotated[float, SHARE] = 0.2
    """Share of chips that show a rejected candidate or a given negative."""
    negatives_per_positive: Annotated[float, Range(0, 1_000_000)] = 2.7
    """Most negative labels per positive label (Huang 2020: 1177/429)."""
    reason_quota: Annotated[float, SHARE] = 0.5
    """Share of that cap that one reject reason may take (method 5); 1 = no quota."""
    validate_every: Annotated[int, Range(1, 10_000_000, "steps", derived=True)] = 0
    """Steps between two validations; from the data: a quarter of the steps."""
    patience: Annotated[int, Range(1, 1_000_000, "validations")] = 3
    """Validations without gain before an early stop."""
    refit: Refit = "all"
    """all = the split scores a first fit, and the searching model is then fitted on every label;
    none = the searching model never sees a label of the validation blocks."""
    warm_start: WarmStart = "none"
    """last = the whole network starts from the previous iteration's model."""
    members: Annotated[int, Range(1, 16, "networks")] = 1
    """Networks of an ensemble: trained one after another from seed, seed + 1 and so on."""
    checkpoint_every: Annotated[int, Range(1, 10_000_000, "steps")] = 20
    """Steps between two checkpoints."""
    precision: Precision = "auto"
    """auto = bf16 on GPU, fp32 on CPU."""
    processes: Annotated[int, Range(0, 1024, "processes")] = 1
    """Processes of one training on this machine, one GPU each; 0 = one per GPU, 1 on a CPU."""
    deterministic: bool = False
    """Only repeatable kernels on a GPU, slower; a CPU repeats its bits anyway at an equal number of
    threads (learning.determinism)."""
    seed: Annotated[int, SEED] = 1
    """Seed of batches and weights."""
    flip: bool = True
    """Augment positives by flips (Huang 2021: F1 0.575)."""
    rotate: bool = False
    """Free rotation; measured to hurt (Huang 2020: F1 0.530)."""
    blur: bool = True
    """Augment positives by Gaussian blur, sigma 1 or 2 px (Huang 2020)."""
    scale: bool = True
    """Augment positives by zoom 0.75..1.25 (Huang 2020)."""
    brightness: Annotated[float, SHARE] = 0.2
    """Gain and offset jitter in scaled units; 0 = off."""


@dataclass(frozen=True, slots=True)
class InferSettings:
    """Search of the whole area."""

    threshold: Annotated[float, Range(0.01, 0.99, derived=True)] = 0.0
    """Candidate cut; from the data: the one at which 98 % of the known slumps that were held out
    are found again, within 0.4 and 0.6."""
    probe_threshold: Annotated[float, Range(0, 0.99)] = 0.2
    """Lower cut: what only reaches this one is drawn at it and may be asked about as a probe;
    0 = only the candidate cut."""
    join_px: Annotated[float, Range(0, 64, "px")] = 2.0
    """Parts of an outline that lie this near to each other are one object."""
    min_px: Annotated[int, Range(1, 1_000_000, "px", derived=True)] = 0
    """Smaller specks are counted in the summary, not raised; from the data: a tenth of the
    smallest digitised slump."""
    whole_px: Annotated[int, Range(1, 100_000_000, "px", derived=True)] = 0
    """An object up to this size of which little reaches the candidate cut is drawn whole, at the
    lower cut; from the data: twice the largest known slump."""
    extend: bool = True
    """Extend outlines over adjoining ground that looks the same, and trim their rim to it, where
    this takes parts of the digitised slumps nearer to their outlines (tried in every search)."""
    batch: Annotated[int, Range(0, 1024, "windows")] = 0
    """Windows per forward pass, a device setting; 0 = 1 on a CPU and 8 Mpx on a GPU, halved where
    memory runs out."""
    span: Annotated[int, Range(1, 16, "tiles")] = 2
    """Tiles along one side of a window, a device setting: 1 computes 1.56 px per useful one, 2
    computes 1.27 at grid.core_px 512 and grid.margin_px 64 (stack 5.2)."""
    blend_px: Annotated[int, Range(0, 2048, "px", multiple=64)] = 0
    """Side of windows that overlap by half and whose weighted mean is taken, a multiple of 64:
    no seams, at 4 to 5 times the cost (method 6.2); 0 = every window keeps its core."""
    engine: EngineName = "auto"
    """torch, or openvino (extra ``cpu``, CPU only); auto = openvino where it is installed and there
    is no GPU. Checked against fp32 torch at the start of every job."""
    precision: Precision = "auto"
    """auto = bf16 on GPU, fp32 on CPU."""
    shard_mpx: Annotated[float, Range(0.001, 1_000_000, "Mpx")] = 64.0
    """Mpx of tiles that one process claims at a time (stack 6.1)."""
    processes: Annotated[int, Range(0, 64, "processes")] = 0
    """Processes of one search on this machine; 0 = one per GPU, 1 on a CPU."""


@dataclass(frozen=True, slots=True)
class LineageSettings:
    """When a judged place is shown again (method 7)."""

    iou: Annotated[float, Range(0.01, 1)] = 0.5
    """Same place as a judged outline from here on (assumed)."""
    inside: Annotated[float, Range(0.01, 1)] = 0.65
    """Same place where this share of a candidate lies on ground that was judged; 1 = by IoU alone
    (method 7)."""
    rim_px: Annotated[float, Range(0, 1_000, "px")] = 1.0
    """How far beyond its outline an accepted slump is known: two hands differ by so much."""
    growth_px: Annotated[float, Range(0, 1_000_000, "px")] = 4.0
    """Least area of opened growth that shows a judged place again (Huang 2021: 36 m2 = 4 px)."""
    growth_share: Annotated[float, Range(0, 100)] = 0.5
    """Least growth as a share of what was judged there; 1 = the place must double."""
    joins: bool = True
    """Review an outline that contains half of several slumps, at most one of them digitised by a
    person: accepting it makes them one slump."""
    better: bool = True
    """Replace an accepted outline of a network by that of a later search which contains it, has a
    higher probability, is at least as stable and agrees with the search before; only where
    searches do not extend outlines. Decisions, and outlines that a person digitised or edited, do
    not change."""


@dataclass(frozen=True, slots=True)
class TriageSettings:
    """Review of candidates."""

    order: QueueOrder = "batches"
    """batches = by probability in batches, shuffled inside a batch (method 8.4); uncertainty =
    nearest to 0.5 first; lines = nearest to a road or railway first; map = a walk over the area."""
    budget: Annotated[float, Range(0, 1_000, "decisions per slump")] = 3.0
    """Decisions that a new slump is worth: a search raises so many candidates per slump that was
    known before the first iteration, or found in the last one; 0 = all above the candidate cut."""
    probes: Annotated[int, Range(0, 10_000, "candidates")] = 12
    """Least questions of an iteration, filled up with the best of what is not raised, as probes. An
    iteration without a new slump ends the search only where it has probed."""
    far: Annotated[int, Range(0, 1_000, "candidates")] = 3
    """Of an iteration's questions, those that are unlike everything judged, in the network's
    features; they are probes."""
    batch_size: Annotated[int, Range(1, 1_000_000, "candidates")] = 200
    """Candidates per batch of the queue."""
    small_px: Annotated[int, Range(0, 1_000_000, "px")] = 100
    """Candidates below this area are last in the queue (method 4)."""
    hide_score: bool = True
    """Hide the model's score until the verdict."""
    reasons: tuple[str, ...] = ("mining", "river", "barren", "water", "snow", "other")
    """Reject reasons, method 8.3; extend them here."""
    evidence: Annotated[tuple[str, ...], Items(3)] = ()
    """Up to three evidence bits of the project's own, keys 7-9 after the six of method 8.3."""
    criteria: tuple[str, ...] = ()
    """Lines of labelling criteria for the help screen; empty = those of method 8.1."""
    claim_days: Annotated[float, Range(0, 3650, "days")] = 7.0
    """How long an analyst's candidates stay out of the others' queues (method 8.4)."""
    claim_ahead: Annotated[int, Range(1, 10_000, "candidates")] = 20
    """Candidates that are claimed at once, from where the analyst stands."""
    replicate_share: Annotated[float, SHARE] = 0.0
    """Share of decided candidates that are shown again, blind (method 8.5: 0.005)."""
    replicate_after_h: Annotated[float, Range(0, 8760, "h")] = 24.0
    """Earliest repeat to the same analyst."""
    break_min: Annotated[float, Range(0, 1440, "min")] = 0.0
    """Remind of a break after so long at the screen; 0 = never."""


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """Report of slumps near infrastructure."""

    distance_m: Annotated[float, Range(0, 1_000_000, "m")] = 500.0
    """Headline distance (Xia abstract)."""
    table_m: Annotated[tuple[float, ...], Range(0, 1_000_000, "m")] = (
        100.0,
        250.0,
        500.0,
        1000.0,
        2000.0,
    )
    """Distances of the table."""


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
