"""The stages of a search: read, network, outlines, overlapping in bounded queues.

A thread reads strips ahead, the calling thread runs the network, threads outline and write what it
found. Nothing of the size of the raster is ever held. Whatever raises ends all of it: reading stops
between two pieces, and no thread is left.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely
import torch

from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import Outcome, Tile, TileOutcome
from rtsproj.errors import DamagedError
from rtsproj.imagery.mosaic import Mosaic, Reading
from rtsproj.imagery.probability import FULL, NO_PIXEL, probability_bytes
from rtsproj.imagery.shapes import AreaMask
from rtsproj.inference.delineate import Cut, TileFound, pieces_text, tile_pieces
from rtsproj.inference.engine import Engine, Found
from rtsproj.inference.strips import Read, StripReader
from rtsproj.inference.windows import Layout, SearchWindow, Shard, narrowed
from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.model_file import load_model
from rtsproj.learning.prefetch import prefetched

WORTH_PX = 32 << 20
"""px of a job from which ``infer.engine = "auto"`` converts the model: that takes some seconds."""
_KEPT_FROM = 0.3
"""Probability from which a tile's raster is kept, so that a lower cut needs no second search."""


@dataclass(frozen=True, slots=True)
class Group:
    """Windows of one batch on their way through the stages.

    Attributes:
        shard: its number.
        reads: windows as they were read; none where the shard ends.
        found: what the network said of each; None where no pixel counts.
        seconds: s of reading and network, of all windows together.
    """

    shard: int
    reads: tuple[Read, ...]
    found: tuple[Found | None, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """What became of tiles of a shard; without tiles, the shard is finished."""

    shard: int
    outcomes: tuple[TileOutcome, ...]


class Search:
    """What a search works with; its methods are the stages."""

    def __init__(
        self,
        folder: JobFolder,
        request: InferRequest,
        note: Callable[[str], None],
        *,
        tiles: int = 1,
    ) -> None:
        """Load the model and open the imagery.

        Args:
            folder: the job.
            request: what is asked.
            note: takes what a person may want to know.
            tiles: how many the whole job has: what is worth preparing for.

        Raises:
            DamagedError: the model is not what was recorded, or reads other bands.
            RtsError: a scene is missing or lacks a band.
        """
        self._folder = folder
        settings = request.settings
        backend = choose_backend(settings.precision)
        is_long = tiles * request.core_px**2 >= WORTH_PX
        if settings.engine == "auto" and not is_long:
            settings = replace(settings, engine="torch")
        network, info = load_model(Path(request.model_path), request.model_sha256)
        if info.spec.bands != request.source.bands:
            raise DamagedError(
                f"the model reads {', '.join(info.spec.bands)}, the imagery gives "
                f"{', '.join(request.source.bands)}",
                hint="train a model for these bands",
            )
        self.layout = layout_of(request)
        self.engine = Engine(network, info.scaling, settings, backend, note)
        self._grid = request.source.grid
        self._cut = Cut.of(settings)
        self._given_up = threading.Event()
        source = request.source
        self._mosaic = Mosaic(
            source.scenes,
            source.grid,
            source.bands,
            how=Reading(backend.readers, self._given_up.is_set),
        )
        area = AreaMask(shapely.from_wkb(folder.read_area()), source.grid)
        self._reader = StripReader(self._mosaic, area, source.extent)

    def close(self) -> None:
        """Close the raster handles."""
        self._mosaic.close()

    def facts(self) -> dict[str, Any]:
        """How it was computed, for the record."""
        engine = self.engine
        backend = engine.backend
        return {
            "device": backend.device,
            "name": backend.name,
            "precision": backend.precision,
            "threads": backend.threads,
            "engine": engine.name,
            "batch": engine.batch(self.layout.side),
            "window_px": self.layout.side,
            "blend_px": self.engine.blend_px,
            "flips": engine.flips,
            "torch": str(torch.__version__),
        }

    def told(self, shards: Iterable[Shard], known: Mapping[int, TileOutcome]) -> Generator[Told]:
        """Search what is not known of shards; outcomes come in the order of the windows.

        A window is computed again where one of its batch's tiles is not known, so that a resumed
        search computes the same bits; outcomes of known tiles come again, too.

        Raises:
            RtsError: a result cannot be written.
        """
        with ExitStack() as stack:
            stack.callback(self._given_up.clear)
            groups = stack.enter_context(closing(self._groups(shards, known)))
            ahead = stack.enter_context(
                prefetched(lambda _: next(groups, None), itertools.repeat(None), workers=1)
            )
            searched = self._searched(itertools.takewhile(lambda one: one is not None, ahead))
            workers = max(1, len(os.sched_getaffinity(0)) // 2)
            done = stack.enter_context(prefetched(self._finished, searched, workers=workers))
            stack.callback(self._given_up.set)  # first of all, when leaving
            yield from done

    def _groups(
        self, shards: Iterable[Shard], known: Mapping[int, TileOutcome]
    ) -> Generator[Group]:
        for shard in shards:
            for strip in shard.strips:
                batches = [
                    batch
                    for batch in _batches(strip.windows, self.engine.batch(self.layout.side))
                    if any(tile.tile_id not in known for one in batch for tile in one.tiles)
                ]
                wanted = [one for batch in batches for one in batch]
                if not wanted:
                    continue
                reads = self._reader.windows(narrowed(wanted, self.layout.extent), wanted)
                for batch in batches:
                    yield Group(shard.number, tuple(itertools.islice(reads, len(batch))))
            yield Group(shard.number, ())

    def _searched(self, groups: Iterable[Group | None]) -> Iterator[Group]:
        for group in groups:
            if group is None:
                return
            began = time.monotonic()
            found = tuple(self.engine.found(group.reads))
            seconds = time.monotonic() - began + sum(one.seconds for one in group.reads)
            yield replace(group, found=found, seconds=seconds)

    def _finished(self, group: Group) -> Told:
        began = time.monotonic()
        outcomes = [
            outcome
            for read, found in zip(group.reads, group.found, strict=True)
            for outcome in self._window_outcomes(read, found)
        ]
        spent = (group.seconds + time.monotonic() - began) / max(1, len(outcomes))
        return Told(group.shard, tuple(replace(one, seconds=spent) for one in outcomes))

    def _window_outcomes(self, read: Read, found: Found | None) -> Iterator[TileOutcome]:
        for tile in read.place.tiles:
            if read.problem:
                yield TileOutcome(tile.tile_id, Outcome.FAILED, message=read.problem)
                continue
            at = tile.window.within(read.place.core)
            valid_px = int(read.counted[at].sum())
            if found is None or not valid_px:
                yield TileOutcome(tile.tile_id, Outcome.SKIPPED, message="no valid pixel")
                continue
            beside = read.beside[tile.window.grown(1).within(read.place.frame)]
            spread = None if found.spread is None else found.spread[at]
            pieces, digest = self._written(tile, TileFound(found.probability[at], spread, beside))
            yield TileOutcome(
                tile.tile_id,
                Outcome.DONE if pieces else Outcome.EMPTY,
                outlines=pieces,
                valid_px=valid_px,
                sha256=digest,
            )

    def _written(self, tile: Tile, found: TileFound) -> tuple[int, str]:
        least = min(self._cut.lower, _KEPT_FROM) * FULL
        probability = found.probability
        if not ((probability >= least) & (probability != NO_PIXEL)).any():
            return 0, ""
        raster = tile_raster(self._folder, tile.tile_id)
        digest = write_atomic(raster, probability_bytes(probability, tile.window, self._grid))
        pieces = tile_pieces(tile, found, self._cut)
        text = pieces_text(pieces, probability_sha256=digest)
        digest = write_atomic(tile_table(self._folder, tile.tile_id), text.encode())
        return len(pieces.pieces), digest


def layout_of(request: InferRequest) -> Layout:
    """Sizes of a request's windows; blended ones reach half a side beyond their core."""
    settings = request.settings
    margin = settings.blend_px // 2 or request.margin_px
    return Layout(request.core_px, margin, settings.span, request.source.extent).fitted()


def tile_raster(folder: JobFolder, tile_id: int) -> Path:
    """Probabilities of a tile, uint8 GeoTIFF; kept only where a pixel reaches 0.3 or a cut."""
    return folder.tile_outputs / f"{tile_id}.tif"


def tile_table(folder: JobFolder, tile_id: int) -> Path:
    """Pieces of outlines of a tile, JSON lines."""
    return folder.tile_outputs / f"{tile_id}.jsonl"


def _batches(windows: Sequence[SearchWindow], size: int) -> Iterator[Sequence[SearchWindow]]:
    return (windows[n : n + size] for n in range(0, len(windows), size))
