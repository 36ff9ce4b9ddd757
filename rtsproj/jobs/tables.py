"""The tables of a job folder as JSON lines: labels, tiles, outcomes, outlines."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from rtsproj.domain.candidates import Outline
from rtsproj.domain.labels import Polarity, TrainingLabel
from rtsproj.domain.tiles import Outcome, Tile, TileOutcome
from rtsproj.errors import DamagedError
from rtsproj.jobs.files import append_line, complete_lines, write_lines
from rtsproj.jobs.folder import JobFolder

T = TypeVar("T")


def write_labels(path: Path, labels: Iterable[TrainingLabel]) -> str:
    """Write labels in the order given; returns the sha256 of the file."""
    return _write(path, labels, _label_row)


def read_labels(path: Path) -> tuple[TrainingLabel, ...]:
    """Read labels.

    Raises:
        DamagedError: the file is missing or a line is not a label.
    """
    return _read(path, _label)


def write_tiles(path: Path, tiles: Iterable[Tile]) -> str:
    """Write tiles in the order given; returns the sha256 of the file."""
    return _write(
        path,
        tiles,
        lambda t: {"tile_id": t.tile_id, "row": t.row, "col": t.col, "core_px": t.core_px},
    )


def read_tiles(path: Path) -> tuple[Tile, ...]:
    """Read tiles.

    Raises:
        DamagedError: the file is missing or a line is not a tile.
    """
    return _read(path, lambda raw: Tile(**raw))


def write_places(path: Path, outlines: Iterable[bytes]) -> str:
    """Write outlines of places, WKB in the project CRS; returns the sha256 of the file."""
    return _write(path, outlines, lambda wkb: {"wkb": wkb.hex()})


def read_places(path: Path) -> tuple[bytes, ...]:
    """Read outlines of places; none where an older program wrote the job.

    Raises:
        DamagedError: a line is not an outline.
    """
    return tuple(_parsed(path, raw, lambda one: bytes.fromhex(one["wkb"])) for raw in _rows(path))


def write_outlines(path: Path, outlines: Iterable[Outline]) -> str:
    """Write outlines in the order given; returns the sha256 of the file."""
    return _write(path, outlines, _outline_row)


def read_outlines(path: Path) -> tuple[Outline, ...]:
    """Read outlines.

    Raises:
        DamagedError: the file is missing or a line is not an outline.
    """
    return tuple(each_outline(path))


def each_outline(path: Path) -> Iterator[Outline]:
    """Read outlines one by one; a million of them are never held.

    Raises:
        DamagedError: the file is missing or a line is not an outline.
    """
    return _each(path, _outline)


def outline_text(outline: Outline) -> str:
    """One outline as its line of the table."""
    return _dumps(_outline_row(outline))


def outline_of_line(line: str) -> Outline:
    """The outline of a line that ``outline_text`` made."""
    return _outline(json.loads(line))


def outcome_of_line(line: str) -> TileOutcome:
    """The outcome of a line that ``append_outcomes`` wrote."""
    return _outcome(json.loads(line))


def append_outcomes(path: Path, outcomes: Iterable[TileOutcome]) -> None:
    """Record what became of tiles; on disk when this returns."""
    text = "\n".join(_dumps(_outcome_row(one)) for one in outcomes)
    if text:
        append_line(path, text)


def write_outcomes(path: Path, outcomes: Iterable[TileOutcome]) -> str:
    """Write outcomes in the order given; returns the sha256 of the file."""
    return _write(path, outcomes, _outcome_row)


def read_outcomes(path: Path) -> dict[int, TileOutcome]:
    """Newest outcome of each tile; none where nothing was recorded; a torn tail is ignored.

    Raises:
        DamagedError: a complete line is not an outcome.
    """
    newest: dict[int, TileOutcome] = {}
    for raw in _rows(path):
        one = _parsed(path, raw, _outcome)
        newest[one.tile_id] = one
    return newest


def known_outcomes(folder: JobFolder) -> dict[int, TileOutcome]:
    """Newest outcome of each tile of a search that runs, was stopped or is done.

    Raises:
        DamagedError: a complete line is not an outcome.
    """
    newest: dict[int, TileOutcome] = {}
    for path in folder.outcome_files():
        newest |= read_outcomes(path)
    return newest


def _write(path: Path, values: Iterable[T], row: Callable[[T], dict[str, Any]]) -> str:
    return write_lines(path, (_dumps(row(one)) for one in values))


def _read(path: Path, parse: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    return tuple(_each(path, parse))


def _each(path: Path, parse: Callable[[dict[str, Any]], T]) -> Iterator[T]:
    if not path.exists():
        raise DamagedError(f"{path} is missing", hint="start a new job")
    for raw in _rows(path):
        yield _parsed(path, raw, parse)


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(complete_lines(path), start=1):
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise _damaged(path, f"line {number}: {error}") from error
        if not isinstance(raw, dict):
            raise _damaged(path, f"line {number} is no object")
        yield raw


def _parsed(path: Path, raw: dict[str, Any], parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        return parse(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{error!r} in {_dumps(raw)[:120]}") from error


def _damaged(path: Path, what: str) -> DamagedError:
    return DamagedError(f"{path} is damaged: {what}", hint="start a new job from the project")


def _dumps(raw: dict[str, Any]) -> str:
    return json.dumps(raw, sort_keys=True, separators=(",", ":"))


def _label_row(label: TrainingLabel) -> dict[str, Any]:
    return {
        "label_id": label.label_id,
        "polarity": label.polarity.value,
        "origin": label.origin,
        "reason": label.reason,
        "wkb": label.wkb.hex(),
    }


def _label(raw: dict[str, Any]) -> TrainingLabel:
    polarity, wkb = Polarity(raw["polarity"]), bytes.fromhex(raw["wkb"])
    return TrainingLabel(int(raw["label_id"]), polarity, raw["origin"], raw["reason"], wkb)


def _outline_row(outline: Outline) -> dict[str, Any]:
    return {
        "seq": outline.seq,
        "wkb": outline.wkb.hex(),
        "score_mean": outline.score_mean,
        "score_max": outline.score_max,
        "pixels": outline.pixels,
        "tiles": list(outline.tiles),
        "at_edge": outline.at_edge,
        "cut": outline.cut,
        "stability": outline.stability,
        **({} if outline.spread is None else {"spread": outline.spread}),
        **({} if outline.novelty is None else {"novelty": outline.novelty}),
        **({"is_low": True} if outline.is_low else {}),
    }


def _outline(raw: dict[str, Any]) -> Outline:
    values = {**raw, "wkb": bytes.fromhex(raw["wkb"]), "tiles": tuple(raw["tiles"])}
    return Outline(**values)


def _outcome_row(outcome: TileOutcome) -> dict[str, Any]:
    return {
        "tile_id": outcome.tile_id,
        "outcome": outcome.outcome.value,
        "outlines": outcome.outlines,
        "valid_px": outcome.valid_px,
        "seconds": round(outcome.seconds, 3),
        "sha256": outcome.sha256,
        "message": outcome.message,
    }


def _outcome(raw: dict[str, Any]) -> TileOutcome:
    return TileOutcome(**{**raw, "outcome": Outcome(raw["outcome"])})
