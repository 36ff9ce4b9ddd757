"""What a search has kept: probabilities of tiles, and the outline that a cut gives at a place."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Tile
from rtsproj.errors import NeedsError, UsageError
from rtsproj.geometry.outlines import join_pieces, smooth_pixels, to_crs
from rtsproj.imagery.probability import FULL, NO_PIXEL, read_probability, stored_cut
from rtsproj.imagery.shapes import polygonise
from rtsproj.jobs.folder import JobFolder
from rtsproj.store import facts, tiles
from rtsproj.store.database import Connection
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import grid_of

Bytes = npt.NDArray[np.uint8]
REACH_PX = 128
"""px round a place that are read at first; twice as far while an object meets the border."""
MOST_REACH_PX = 2048
"""px; what reaches farther is no slump but a cut that is too low."""


def read_window(near: Iterable[tuple[Tile, JobFolder]], window: Window) -> Bytes:
    """Stored probabilities of a window; ``NO_PIXEL`` where none was kept.

    Args:
        near: tiles, each with the search that is read.
        window: on the project grid.
    """
    values = np.full((window.rows, window.cols), NO_PIXEL, np.uint8)
    for tile, folder in near:
        path = folder.tile_outputs / f"{tile.tile_id}.tif"
        both = window.shared(tile.window)
        if both.rows and both.cols and path.exists():
            values[both.within(window)] = read_probability(path)[both.within(tile.window)]
    return values


def cut_outline(
    read: Callable[[Window], Bytes], around: BaseGeometry, cut: float, *, pixel_m: float
) -> BaseGeometry:
    """The object that reaches a cut and shares most with an outline, followed to its end.

    Args:
        read: gives the stored probabilities of a window.
        around: px of the grid.
        cut: probability, 0..1.
        pixel_m: m, side of a pixel.

    Returns:
        Smoothed, px of the grid.

    Raises:
        UsageError: nothing that reaches the cut meets the outline, or it runs on without end.
    """
    reach = REACH_PX
    while reach <= MOST_REACH_PX:
        window = _window(around, reach)
        values = read(window)
        found = _meeting((values >= stored_cut(cut)) & (values != NO_PIXEL), around, window)
        if not found:
            raise UsageError(
                f"nothing at this place reaches {cut:g}", hint="lower the cut; nothing was changed"
            )
        if all(_is_inside(one, window) for one in found):
            return smooth_pixels(max(found, key=lambda one: one.intersection(around).area))
        reach *= 2
    raise UsageError(
        f"at {cut:g} the outline reaches further than {MOST_REACH_PX * pixel_m:,.0f} m from here",
        hint="raise the cut; nothing was changed",
    )


def _window(outline: BaseGeometry, reach: int) -> Window:
    left, top, right, bottom = outline.bounds
    row, col = int(np.floor(top)) - reach, int(np.floor(left)) - reach
    last_row, last_col = int(np.ceil(bottom)) + reach, int(np.ceil(right)) + reach
    return Window(row, col, last_row - row, last_col - col)


def _meeting(
    mask: npt.NDArray[np.bool_], outline: BaseGeometry, window: Window
) -> list[BaseGeometry]:
    """Objects of a window's mask that share area with an outline, px of the grid."""
    pieces = [translate(one, window.col, window.row) for one in polygonise(mask)]
    wholes = [shapely.union_all([pieces[n] for n in group]) for group in join_pieces(pieces)]
    return [one for one in wholes if one.intersection(outline).area > 0]


def _is_inside(geom: BaseGeometry, window: Window) -> bool:
    """True where no pixel beyond the window can belong to an object."""
    left, top, right, bottom = geom.bounds
    is_within = left > window.col and right < window.col + window.cols
    return bool(is_within and top > window.row and bottom < window.row + window.rows)


def grow_outline(project: Project, at: tuple[float, float], cut: float) -> BaseGeometry:
    """The outline round a place in which every pixel of the newest search there reaches a cut.

    Args:
        project: the project.
        at: x, y in m of the project CRS.
        cut: probability, 0..1.

    Returns:
        Polygon in the project CRS.

    Raises:
        NeedsError: the newest search has kept no probability there.
        UsageError: the pixel does not reach the cut, or the outline grows without end.
    """
    with reading(project) as connection:
        grid = grid_of(facts.read_facts(connection))
        col = int(np.floor((at[0] - grid.origin_x) / grid.pixel_m))
        row = int(np.floor((grid.origin_y - at[1]) / grid.pixel_m))
        pixel = Window(row, col, 1, 1)
        _check_pixel(int(_newest(project, connection, pixel)[0, 0]), cut)
        around = shapely.box(col, row, col + 1, row + 1)
        found = cut_outline(
            lambda window: _newest(project, connection, window), around, cut, pixel_m=grid.pixel_m
        )
    return to_crs(found, grid)


def _newest(project: Project, connection: Connection, window: Window) -> Bytes:
    """Probabilities of a window, of each tile those of its newest search."""
    near = tiles.tiles_meeting(connection, window)
    folders = tiles.newest_searches(connection, [one.tile_id for one in near])
    pairs = [
        (one, JobFolder(project.folder / folders[one.tile_id]))
        for one in near
        if one.tile_id in folders
    ]
    return read_window(pairs, window)


def _check_pixel(value: int, cut: float) -> None:
    """Refuse a stored value from which nothing can grow."""
    if value == NO_PIXEL:
        raise NeedsError(
            "the newest search has kept no probability at this place",
            hint="it keeps tiles in which a pixel reaches 0.3; draw the outline by corners",
        )
    if value < stored_cut(cut):
        raise UsageError(
            f"the probability here is {value / FULL:.2f}, the cut is {cut:g}",
            hint="move to where the model was surer, lower the cut, or draw corners",
        )
