"""A search job: every tile once, recorded as it ends; outlines joined when all tiles are told.

Read, network and outlines overlap: threads read windows ahead and finish tiles behind, the main
thread runs the network. Nothing of the size of the raster is ever held.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import torch
from numpy.typing import NDArray
from torch import nn

from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import Outcome, Tile, TileOutcome
from rtsproj.errors import DamagedError, InterruptedJobError, RtsError
from rtsproj.imagery.probability import write_probability
from rtsproj.inference.delineate import (
    Cut,
    Piece,
    joined_outlines,
    parse_pieces,
    pieces_text,
    probability_digest,
    tile_pieces,
)
from rtsproj.inference.predict import FULL, NO_VALUE, Plan, TileInput, read_tile, search_tiles
from rtsproj.jobs.curves import SpeedPoint, append_point
from rtsproj.jobs.files import require_space, sha256_of, write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import append_outcome, read_outcomes, read_tiles, write_outlines
from rtsproj.learning.backend import Backend, choose_backend
from rtsproj.learning.model_file import load_model
from rtsproj.learning.prefetch import prefetched
from rtsproj.learning.samples import MosaicPerThread

_KEPT_FROM = 0.3
"""Probability from which a tile's raster is kept, so that a lower cut needs no second search."""
_SPEED_EVERY_S = 2.0
"""s between two points of the pace."""
_BYTES_PER_PX = 0.05
"""Disk estimate: sparse uint8 probabilities compress to less than this."""


@dataclass(frozen=True, slots=True)
class Read:
    """A tile as it was read, or the reason why it could not be."""

    tile: Tile
    found: TileInput | None
    problem: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Searched:
    """A tile's probabilities (core, core); None where there is nothing to outline."""

    read: Read
    probability: NDArray[np.uint8] | None
    seconds: float


class Search:
    """What a search works with; its methods are the stages."""

    def __init__(self, folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
        self._folder = folder
        self._request = request
        self._reporter = reporter
        self.backend = choose_backend(request.settings.precision)
        network, info = load_model(Path(request.model_path), request.model_sha256)
        if info.spec.bands != request.source.bands:
            raise DamagedError(
                f"the model reads {', '.join(info.spec.bands)}, the imagery gives "
                f"{', '.join(request.source.bands)}",
                hint="train a model for these bands",
            )
        self._network: nn.Module = network.to(self.backend.device)
        self._cut = Cut(request.settings.threshold, request.settings.min_px)
        self._plan = Plan(
            source=request.source,
            scaling=info.scaling,
            margin_px=request.margin_px,
            area=shapely.from_wkb(folder.read_area()),
        )
        self._readers = MosaicPerThread(request.source)
        self.flips: float | None = None

    def close(self) -> None:
        """Close the raster handles."""
        self._readers.close()

    def outcomes(self, groups: Iterable[Sequence[Tile]]) -> Iterator[TileOutcome]:
        """Search groups of tiles, one forward pass each; outcomes come in the order of the tiles.

        Raises:
            RtsError: the imagery cannot be opened, or a result cannot be written.
        """
        self._readers.mosaic()  # a scene or band that is missing ends the job, not each tile
        threads = self.backend.readers
        with ExitStack() as stack:
            read = stack.enter_context(prefetched(self._read, groups, workers=threads))
            searched = self._searched(read)
            done = stack.enter_context(prefetched(self._finished, searched, workers=threads))
            for group in done:
                yield from group

    def _read(self, group: Sequence[Tile]) -> list[Read]:
        return [self._read_one(tile) for tile in group]

    def _read_one(self, tile: Tile) -> Read:
        began = time.monotonic()
        try:
            found = read_tile(self._readers.mosaic(), tile, self._plan)
        except (RtsError, OSError) as error:
            return Read(tile, None, f"not read: {error}", time.monotonic() - began)
        return Read(tile, found, "", time.monotonic() - began)

    def _searched(self, groups: Iterable[list[Read]]) -> Iterator[list[Searched]]:
        for group in groups:
            began = time.monotonic()
            inputs = [one.found or _nothing(one.tile) for one in group]
            found: list[NDArray[np.uint8] | None] = [None] * len(group)
            if any(one.image is not None for one in inputs):
                found = [*search_tiles(self._network, inputs, self.backend)]
                self._compare_precision(inputs, found)
            seconds = (time.monotonic() - began) / len(group)
            yield [
                Searched(one, values if given.image is not None else None, seconds)
                for one, given, values in zip(group, inputs, found, strict=True)
            ]

    def _compare_precision(
        self, inputs: Sequence[TileInput], found: Sequence[NDArray[np.uint8] | None]
    ) -> None:
        if self.flips is not None or self.backend.precision == "fp32":
            return
        exact = search_tiles(self._network, inputs, replace(self.backend, precision="fp32"))
        pairs = [(a, b) for a, b in zip(exact, found, strict=True) if b is not None]
        changed = sum(
            int(((a >= self._cut.stored) != (b >= self._cut.stored)).sum()) for a, b in pairs
        )
        self.flips = changed / sum(a.size for a, _ in pairs)
        self._reporter.note(
            f"{self.backend.precision} against fp32: {100 * self.flips:.3f} % of pixels change side"
        )

    def _finished(self, group: list[Searched]) -> list[TileOutcome]:
        return [self._finished_one(one) for one in group]

    def _finished_one(self, one: Searched) -> TileOutcome:
        began = time.monotonic()
        tile, spent = one.read.tile, one.read.seconds + one.seconds
        if one.read.found is None:
            return TileOutcome(
                tile.tile_id, Outcome.FAILED, seconds=spent, message=one.read.problem
            )
        if one.probability is None:
            return TileOutcome(
                tile.tile_id, Outcome.SKIPPED, seconds=spent, message="no valid pixel"
            )
        pieces, digest = self._written(one.read.found, one.probability)
        return TileOutcome(
            tile.tile_id,
            Outcome.DONE if pieces else Outcome.EMPTY,
            outlines=pieces,
            valid_px=int(one.read.found.counted.sum()),
            seconds=spent + time.monotonic() - began,
            sha256=digest,
        )

    def _written(self, found: TileInput, probability: NDArray[np.uint8]) -> tuple[int, str]:
        tile, least = found.tile, min(self._cut.threshold, _KEPT_FROM) * FULL
        if not ((probability >= least) & (probability != NO_VALUE)).any():
            return 0, ""
        raster = tile_raster(self._folder, tile.tile_id)
        digest = write_probability(raster, probability, tile.window, self._plan.source.grid)
        pieces = tile_pieces(tile, probability, found.beside, self._cut)
        text = pieces_text(pieces, probability_sha256=digest)
        digest = write_atomic(tile_table(self._folder, tile.tile_id), text.encode())
        return len(pieces.pieces), digest


def search(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    """Search all tiles that are not done, then join outlines and write done.json.

    Tiles that could not be read are recorded as failed and named in done.json; starting the job
    again tries only those.

    Raises:
        InterruptedJobError: stopped after a tile; the next start goes on.
    """
    tiles = read_tiles(folder.tiles)
    folder.tile_outputs.mkdir(exist_ok=True)
    known = {k: v for k, v in read_outcomes(folder.outcomes).items() if is_trusted(folder, v)}
    size = request.settings.batch
    groups = [tiles[n : n + size] for n in range(0, len(tiles), size)]
    todo = [group for group in groups if any(tile.tile_id not in known for tile in group)]
    require_space(folder.path, needed=int(len(todo) * size * request.core_px**2 * _BYTES_PER_PX))
    began = time.monotonic()
    work = Search(folder, request, reporter)
    reporter.note(
        f"{len(tiles)} tiles, {len(known)} of them done before; searching on {work.backend.name} "
        f"in {work.backend.precision}",
        backend=_backend_row(work.backend),
    )
    try:
        _run(folder, work, reporter, (todo, known, len(tiles)))
    finally:
        work.close()
    seconds = time.monotonic() - began
    _conclude(
        folder,
        request,
        reporter,
        {**_backend_row(work.backend), "flips": work.flips, "seconds": seconds},
    )


def is_trusted(folder: JobFolder, outcome: TileOutcome) -> bool:
    """True where a tile need not be searched again: its files match their digests (faults I4)."""
    if outcome.outcome is Outcome.FAILED:
        return False
    if not outcome.sha256:
        return True
    table = tile_table(folder, outcome.tile_id)
    if sha256_of(table) != outcome.sha256:
        return False
    wanted = probability_digest(table.read_text(encoding="utf-8"))
    return sha256_of(tile_raster(folder, outcome.tile_id)) == wanted


def tile_raster(folder: JobFolder, tile_id: int) -> Path:
    """Probabilities of a tile, uint8 GeoTIFF; kept only where a pixel reaches 0.3 or the cut."""
    return folder.tile_outputs / f"{tile_id}.tif"


def tile_table(folder: JobFolder, tile_id: int) -> Path:
    """Pieces of outlines of a tile, JSON lines."""
    return folder.tile_outputs / f"{tile_id}.jsonl"


def _run(
    folder: JobFolder,
    work: Search,
    reporter: Reporter,
    plan: tuple[list[tuple[Tile, ...]], dict[int, TileOutcome], int],
) -> None:
    todo, known, total = plan
    done, failed, pixels, began = len(known), 0, 0, time.monotonic()
    told = began
    append_point(folder.speed, SpeedPoint(done, 0.0, time.time()))
    for outcome in work.outcomes(todo):
        if outcome.tile_id not in known:
            append_outcome(folder.outcomes, outcome)
            done += 1
            failed += outcome.outcome is Outcome.FAILED
            pixels += outcome.valid_px
        rate = pixels / 1e6 / max(1e-6, time.monotonic() - began)
        metrics = {"tiles": done, "of": total, "failed": failed, "mpx_per_s": rate}
        reporter.progress(0.98 * done / total, f"{done} of {total} tiles", metrics=metrics)
        if time.monotonic() - told >= _SPEED_EVERY_S or done == total:
            told = time.monotonic()
            append_point(folder.speed, SpeedPoint(done, pixels / 1e6, time.time()))
        if reporter.should_stop() and done < total:
            raise InterruptedJobError(
                f"stopped after {done} of {total} tiles",
                hint="resume the job: it goes on with the next tile",
            )


def _conclude(
    folder: JobFolder, request: InferRequest, reporter: Reporter, facts: dict[str, Any]
) -> None:
    outcomes = [one for _, one in sorted(read_outcomes(folder.outcomes).items())]
    pieces: list[Piece] = []
    specks = 0
    for one in outcomes:
        if one.sha256:
            found = parse_pieces(tile_table(folder, one.tile_id).read_text(encoding="utf-8"))
            pieces.extend(found.pieces)
            specks += found.specks
            reporter.beat()
    outlines, more = joined_outlines(pieces, request.source.grid, min_px=request.settings.min_px)
    write_outlines(folder.outlines, outlines)
    counts = {kind.value: sum(one.outcome is kind for one in outcomes) for kind in Outcome}
    summary = {
        "verb": request.verb,
        "model_sha256": request.model_sha256,
        "tiles": counts,
        "failed_tiles": [
            {"tile_id": one.tile_id, "message": one.message}
            for one in outcomes
            if one.outcome is Outcome.FAILED
        ],
        "outlines": len(outlines),
        "specks": specks + more,
        "valid_px": sum(one.valid_px for one in outcomes),
        "backend": facts,
    }
    reporter.finished(summary, outputs=[folder.outlines, *_recorded(folder)])


def _recorded(folder: JobFolder) -> list[Path]:
    return [folder.outcomes] if folder.outcomes.exists() else []


def _nothing(tile: Tile) -> TileInput:
    return TileInput(
        tile=tile,
        image=None,
        window=tile.window,
        counted=np.zeros((tile.core_px, tile.core_px), np.bool_),
        beside=np.ones((tile.core_px + 2, tile.core_px + 2), np.bool_),
    )


def _backend_row(backend: Backend) -> dict[str, Any]:
    return {**asdict(backend), "torch": str(torch.__version__)}
