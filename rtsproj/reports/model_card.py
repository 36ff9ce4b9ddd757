"""A model's card: what it is for, what it learnt from, how it scored and what it was made with.

References:
    Mitchell et al. 2019, Model cards for model reporting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtsproj.domain.text import counted, safe_text
from rtsproj.reports.text import table

_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 60
_MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The facts of one model.

    Attributes:
        project: title of the project.
        sha256: digest of the model file.
        job: number of the training.
        iteration: whose model it is.
        network: architecture and encoder.
        members: networks of the ensemble.
        bands: input bands with the raw values that become 0 and 1.
        pixel_m: m, pixel size.
        labels: (polarity, origin, reason, labels of that kind).
        training_sha256: digest of the training set.
        scenes: (file name, day of acquisition, fingerprint), in reading order.
        split: what was kept for validation, in words.
        parents: (what, origin, sha256) of what the network started from.
        scores: of the validation blocks, {} without.
        member_scores: the same per network of an ensemble.
        curve: points (step, loss, scores where validated).
        settings: of the training.
        environment: versions, device, threads.
    """

    project: str
    sha256: str
    job: int
    iteration: int
    network: str
    members: int
    bands: Sequence[tuple[str, float, float]]
    pixel_m: float
    labels: Sequence[tuple[str, str, str, int]]
    training_sha256: str
    scenes: Sequence[tuple[str, str, str]]
    split: str
    parents: Sequence[tuple[str, str, str]]
    scores: Mapping[str, Any]
    member_scores: Sequence[Mapping[str, Any]]
    curve: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]


def card_text(card: ModelCard) -> str:
    """The card as Markdown."""
    parts = [
        f"# Model {card.sha256[:12]} of {safe_text(card.project)}",
        "",
        (
            f"Iteration {card.iteration}, job {card.job}: {card.network}, "
            f"{_networks(card.members)}. sha256 {card.sha256}"
        ),
        *_section("Intended use and limits", _use(card)),
        *_section("Training data", _data(card)),
        *_section("Scores", _scores(card)),
        *_section("Course", _course(card)),
        *_section("Parents", _block(("what", "origin", "sha256"), card.parents)),
        *_section("Settings", _block(("train.", "value"), list(card.settings.items()))),
        *_section("Environment", _block(("what", "value"), list(card.environment.items()))),
    ]
    return "\n".join(parts) + "\n"


def sparkline(values: Sequence[float]) -> str:
    """A row of bars between the least and the greatest value, at most 60 of them."""
    if not values:
        return ""
    step = -(-len(values) // _MOST_BARS)
    groups = [values[n : n + step] for n in range(0, len(values), step)]
    shown = [sum(group) / len(group) for group in groups]
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    return "".join(_BARS[round((one - low) / span * (len(_BARS) - 1))] for one in shown)


def _networks(members: int) -> str:
    return "one network" if members == 1 else f"an ensemble of {members} networks"


def _use(card: ModelCard) -> list[str]:
    bands = ", ".join(name for name, _, _ in card.bands)
    return [
        (
            f"To propose retrogressive thaw slumps in imagery of {card.pixel_m:g} m pixels with "
            f"the bands {bands}, scaled as below, for an analyst who checks every outline."
        ),
        "",
        (
            "Not a map by itself: unchecked outlines hold false ones, and a slump that it does not "
            "propose is not known to be absent. Scores hold for the validation blocks of this "
            "project's imagery; another region, sensor or season needs labels of its own. The "
            "validation blocks choose the step that is kept, so scores lean to the good side."
        ),
    ]


def _data(card: ModelCard) -> list[str]:
    scaling = [(name, f"{low:g}", f"{high:g}") for name, low, high in card.bands]
    return [
        f"Training set sha256 {card.training_sha256}",
        "",
        *_block(("polarity", "origin", "reason", "labels"), card.labels),
        "",
        *_block(("band", "becomes 0", "becomes 1"), scaling),
        "",
        *_block(("scene", "acquired", "fingerprint"), card.scenes),
        "",
        card.split,
    ]


def _scores(card: ModelCard) -> list[str]:
    if not card.scores:
        return [
            "None: no slump lies in a validation block.",
            "The model was trained for all its steps; nothing says how well it finds slumps.",
        ]
    rows = [
        (f"object IoU {iou}", *(f"{one[name]:.3f}" for name in ("precision", "recall", "f1")))
        for iou, one in sorted(card.scores["objects"].items())
    ]
    what = " of the mean probability" if card.members > 1 else ""
    slumps = counted(card.scores["truths"], "slump")
    lines = [
        f"Pixel IoU {card.scores['pixel_iou']:.3f}{what} over {slumps}.",
        "",
        *_block(("match", "precision", "recall", "F1"), rows),
    ]
    if card.members > 1:
        lines += ["", *_block(("seed", "best step", "F1 at IoU 0.3"), _members(card))]
    return lines


def _members(card: ModelCard) -> list[tuple[object, ...]]:
    return [
        (one["seed"], one["best_step"], f"{one['scores']['objects']['0.3']['f1']:.3f}")
        for one in card.member_scores
        if one["scores"]
    ]


def _course(card: ModelCard) -> list[str]:
    losses = [one for one in card.curve if "learning_rate" in one]
    scored = [one for one in card.curve if "pixel_iou" in one]
    line = sparkline([float(one["loss"]) for one in losses])
    if not losses:
        return ["No point was written: the training was too short."]
    rows = [
        (
            one["step"],
            f"{one['loss']:.3f}",
            f"{one['pixel_iou']:.3f}",
            f"{one['objects']['0.3']['f1']:.3f}",
        )
        for one in scored[-_MOST_ROWS:]
    ]
    first, last = losses[0], losses[-1]
    whose = "Of the first network: " if card.members > 1 else ""
    text = f"{whose}loss {first['loss']:.3f} {line} {last['loss']:.3f} at step {last['step']}"
    return [text, "", *_block(("step", "loss", "pixel IoU", "F1 at IoU 0.3"), rows)]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines]


def _block(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table that reads well as plain text, too."""
    if not rows:
        return ["none"]
    cells = [["" if one is None else safe_text(one) for one in row] for row in rows]
    return ["```text", *table(header, cells), "```"]
