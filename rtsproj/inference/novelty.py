"""How unlike all judged places the outlines of a search are, in the features of its network.

The score ranks outlines by what the network knows. What it does not know is found by asking about
ground that looks to it like nothing that was judged: the cosine distance between the mean decoder
features of an outline and those of the nearest judged place. One window at a time, in fp32 and
on one thread, so that a value depends on its own window alone, never on a batch or the cores.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import shapely
import torch
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d

from rtsproj.domain.candidates import Outline
from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.labels import seeded_hash
from rtsproj.domain.requests import InferRequest
from rtsproj.errors import RtsError
from rtsproj.geometry.grid import pixel_on, window_of
from rtsproj.imagery.mosaic import Mosaic, Reading
from rtsproj.imagery.shapes import burn
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import each_outline, read_places, write_outlines
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.inputs import network_tensor, read_padded, scaled_values
from rtsproj.learning.model_file import Ensemble, load_model
from rtsproj.statistics.asking import rank_of

MOST_JUDGED = 200
"""Judged places that outlines are compared with; of more, a repeatable sample."""
MOST_OUTLINES = 150
"""Outlines that are compared: the best of those that meet no judged place. A place takes 0.03 s of
a core (DeepLabV3+ on EfficientNet-Lite0, 96 px), as long as 0.025 Mpx of a search."""
MOST_LOW = 75
"""Most of them that reach only the lower cut."""
LEAST_PX, MOST_PX, STEP_PX = 96, 256, 32
"""px; sides of a window are multiples of ``STEP_PX`` between the other two."""
_RIM_PX = 16
"""px of ground around an outline that its window holds."""
_BLOCK = 5_000
"""Outlines that are tested together for judged ground."""
_SEARCHED = 0.99
"""Share of the job that is done when the outlines are joined and extended."""
_DIGITS = 6

Floats = NDArray[np.float64]
_Ranked = tuple[float, int, Outline]
"""An outline behind what orders it: the best first, then by place in the table."""


def write_novelty(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    """Add the novelty to outlines.jsonl; the file stays as it is where nothing is judged.

    The same outlines, judged places and model give the same file on the same machine.

    Args:
        folder: the job, with its outlines joined.
        request: model, imagery and cuts.
        reporter: gets the progress, and how many places could not be read.

    Raises:
        DamagedError: the model is not the recorded one, or a table is damaged.
    """
    judged = [shapely.from_wkb(one) for one in read_places(folder.judged)]
    fresh = best_fresh(each_outline(folder.outlines), judged)
    if not judged or not fresh:
        return
    near = sampled(judged)
    places = [*near, *(shapely.from_wkb(one.wkb) for one in fresh)]
    with _one_thread(), closing(Features(request)) as features:
        vectors = list(_each_vector(features, places, reporter))
    known = [one for one in vectors[: len(near)] if one is not None]
    found = {
        outline.seq: vector
        for outline, vector in zip(fresh, vectors[len(near) :], strict=True)
        if vector is not None
    }
    novelty = novelties(found, known)
    write_outlines(
        folder.outlines,
        (replace(one, novelty=novelty.get(one.seq)) for one in each_outline(folder.outlines)),
    )


def sampled(judged: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """At most ``MOST_JUDGED`` of the places; which ones does not depend on their order."""
    return sorted(judged, key=lambda one: seeded_hash(0, one.wkb_hex))[:MOST_JUDGED]


def best_fresh(outlines: Iterable[Outline], judged: Sequence[BaseGeometry]) -> list[Outline]:
    """The best outlines that meet no judged place.

    Args:
        outlines: in the project CRS; read block by block, never held together.
        judged: in the project CRS.

    Returns:
        At most ``MOST_OUTLINES``, best first; at most ``MOST_LOW`` of them reach only a lower cut.
    """
    tree, left = shapely.STRtree(judged), iter(outlines)
    main: list[_Ranked] = []
    low: list[_Ranked] = []
    while block := list(islice(left, _BLOCK)):
        geoms = shapely.from_wkb(np.array([one.wkb for one in block], object))
        met = set(tree.query(geoms, predicate="intersects")[0].tolist())
        for n, ranked in enumerate(_ranked(block)):
            if n not in met:
                (low if ranked[-1].is_low else main).append(ranked)
        main, low = sorted(main)[:MOST_OUTLINES], sorted(low)[:MOST_LOW]
    return [outline for _, _, outline in sorted([*main, *low])[:MOST_OUTLINES]]


def _ranked(block: Sequence[Outline]) -> list[_Ranked]:
    rank = rank_of(
        np.array([one.score_mean for one in block]), np.array([one.stability for one in block])
    )
    return [(-value, one.seq, one) for value, one in zip(rank.tolist(), block, strict=True)]


def novelties(vectors: Mapping[int, Floats], judged: Sequence[Floats]) -> dict[int, float]:
    """Cosine distance to the nearest judged vector, 0..2; none where nothing is judged.

    Args:
        vectors: by number, each of length 1, or 0 where the network gives nothing.
        judged: the same.
    """
    if not vectors or not judged:
        return {}
    ours, theirs = np.stack(list(vectors.values())), np.stack(judged)
    halves = [(one**2).sum(axis=1) / 2 for one in (ours, theirs)]
    distance = (halves[0][:, None] + halves[1] - ours @ theirs.T).min(axis=1)
    values = np.clip(distance, 0.0, 2.0).round(_DIGITS).tolist()
    return dict(zip(vectors, values, strict=True))


def window_around(outline: BaseGeometry, grid: ProjectGrid) -> Window:
    """The square that an outline is shown in; of a larger one, the part around an inner point."""
    bounds = window_of(grid, outline.bounds)
    needed = max(bounds.rows, bounds.cols) + 2 * _RIM_PX
    side = min(MOST_PX, max(LEAST_PX, -(-needed // STEP_PX) * STEP_PX))
    row, col = bounds.row + bounds.rows // 2, bounds.col + bounds.cols // 2
    if needed > MOST_PX:
        row, col = pixel_on(grid, outline)
    return Window(row - side // 2, col - side // 2, side, side)


class Features:
    """Mean decoder features of places, as the first member of a model's ensemble computes them."""

    def __init__(self, request: InferRequest) -> None:
        """Load the model and open the imagery.

        Raises:
            DamagedError: the model is not the recorded one.
        """
        network, info = load_model(Path(request.model_path), request.model_sha256)
        first = network.members[0] if isinstance(network, Ensemble) else network
        self._backend = choose_backend("fp32")
        self._network = first.to(self._backend.device).eval()
        self._scaling = info.scaling
        self._source = request.source
        self._mosaic = Mosaic(
            request.source.scenes,
            request.source.grid,
            request.source.bands,
            how=Reading(self._backend.readers),
        )

    def close(self) -> None:
        """Close the raster handles."""
        self._mosaic.close()

    def of(self, outline: BaseGeometry) -> Floats | None:
        """The feature vector of a place, of length 1; None where it has no valid pixel.

        Raises:
            RtsError: its imagery cannot be read.
        """
        grid = self._source.grid
        window = window_around(outline, grid)
        pixels = read_padded(self._mosaic, window, self._source.extent)
        inside = np.zeros((window.rows, window.cols), np.uint8)
        burn([outline], window, grid, value=1, out=inside)
        row, col = pixel_on(grid, outline)
        inside[row - window.row, col - window.col] = 1  # also of an outline without a pixel centre
        inside &= pixels.valid
        if not inside.any():
            return None
        images = network_tensor(scaled_values(pixels, self._scaling)[None], self._backend)
        with torch.inference_mode():
            features = decoder_output(self._network, images)[0].double()
            cells = torch.from_numpy(inside).to(features)[None]
            rows, cols = features.shape[-2:]
            share = adaptive_avg_pool2d(cells, (rows, cols))[0]
            mean = (features * share).sum(dim=(1, 2)) / share.sum()
        vector: Floats = mean.cpu().numpy()
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


def decoder_output(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the decoder of a network gives to its head, (n, channels, rows, cols).

    A hook takes it: architectures pass different things from encoder to decoder.
    """
    kept: list[torch.Tensor] = []
    decoder = network.get_submodule("decoder")
    hook = decoder.register_forward_hook(lambda _module, _given, output: kept.append(output))
    try:
        network(images)
    finally:
        hook.remove()
    return kept[-1]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: on windows this small, threads wait for each other.

    Two threads took 10 to 20 times as long on a busy machine of two cores, and other bits.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _each_vector(
    features: Features, places: Sequence[BaseGeometry], reporter: Reporter
) -> Iterator[Floats | None]:
    """Vectors in the order of the places; a place that cannot be read is reported, and has none."""
    problems: list[str] = []
    for number, place in enumerate(places, start=1):
        try:
            yield features.of(place)
        except (RtsError, OSError) as error:
            problems.append(str(error))
            yield None
        share = _SEARCHED + (1 - _SEARCHED) * number / (len(places) + 1)
        reporter.progress(share, f"{number} of {len(places)} places compared")
    if problems:
        reporter.note(f"{len(problems)} places were not compared: {problems[0]}")
