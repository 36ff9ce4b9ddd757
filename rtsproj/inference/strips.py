"""Read strips of imagery so that every block of a file is decoded once, and cut windows from them.

A strip is read to the end of the blocks that it enters; what the next strip shares with it is
copied, not read again. So memory is bounded by the width of a strip, never by the height of a scene
or the number of tiles: (window + block) rows x columns x (bands x bytes + 1).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtsproj.domain.grid import Window
from rtsproj.errors import RtsError
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.shapes import AreaMask
from rtsproj.inference.rooms import Room, Rooms
from rtsproj.inference.windows import SearchWindow, Strip

Raw = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Held:
    """Imagery in memory.

    Attributes:
        window: its place on the grid.
        values: (bands, rows, cols) in the scenes' own type, or float32; 0 where invalid.
        valid: (rows, cols).
    """

    window: Window
    values: Raw
    valid: Mask


@dataclass(frozen=True, slots=True)
class Read:
    """A window as it was read, or the reason why it could not be.

    Attributes:
        place: its tiles and where it lies.
        imagery: raw pixels of the window; None without a pixel that counts.
        counted: core pixels that are valid and in the area, (rows, cols) of the core.
        beside: True beside or outside imagery and area, (rows, cols) of the frame.
        problem: why it could not be read; empty where it was.
        seconds: s of reading.
    """

    place: SearchWindow
    imagery: Held | None
    counted: Mask
    beside: Mask
    problem: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """Imagery and the memory that it lies in."""

    held: Held
    room: Room


class StripReader:
    """Reads strips in order; one thread at a time.

    The windows of a strip are cut before the next one is asked for: its memory is used again.
    """

    def __init__(self, mosaic: Mosaic, area: AreaMask, extent: Window) -> None:
        self._mosaic = mosaic
        self._area = area
        self._extent = extent
        self._kept: list[_Kept] = []
        self._rooms = Rooms()

    def windows(self, strip: Strip, wanted: Sequence[SearchWindow]) -> Iterator[Read]:
        """Read a strip and cut the wanted ones of its windows.

        A strip that cannot be read whole is read window by window, so that a damaged block costs
        only the tiles that need it.
        """
        began = time.monotonic()
        try:
            whole = self._strip(strip.imagery)
        except (RtsError, OSError):
            whole = None
        seconds = (time.monotonic() - began) / max(1, len(wanted))
        for place in wanted:
            began = time.monotonic()
            try:
                read = self._cut(place, whole or self._direct(place))
            except (RtsError, OSError) as error:
                read = _unread(place, f"not read: {error}")
            spent = seconds + time.monotonic() - began
            yield Read(
                place, read.imagery, read.counted, read.beside, problem=read.problem, seconds=spent
            )

    def _direct(self, place: SearchWindow) -> Held:
        needed = _joined(place.window, place.frame).shared(self._extent)
        pixels = self._mosaic.read(needed)
        return Held(needed, pixels.values, pixels.valid)

    def _strip(self, wanted: Window) -> Held:
        self._forget_above(wanted.row)
        end = min(self._mosaic.block_end(wanted), self._extent.row + self._extent.rows)
        window = Window(wanted.row, wanted.col, max(end - wanted.row, wanted.rows), wanted.cols)
        kept = self._placed(window, self._mosaic.dtype_of(window))
        new, missing = kept.held, [window]
        try:
            for old in self._kept:
                both = old.held.window.shared(window)
                if both.rows and both.cols:
                    _copy(old.held, new, both)
                    missing = [part for one in missing for part in without(one, both)]
            for part in missing:
                at = part.within(window)
                self._mosaic.read_into(part, new.values[(slice(None), *at)], new.valid[at])
        except BaseException:
            self._rooms.give(kept.room)
            raise
        self._kept.append(kept)
        return new

    def _forget_above(self, row: int) -> None:
        """Keep of what was read only rows that a strip starting at ``row`` can need.

        What starts below is of another shard or region: strips of one come from the top.
        """
        kept = []
        for one in self._kept:
            window = one.held.window
            last = window.row + window.rows
            if window.row == row:
                kept.append(one)
                continue
            if window.row < row < last:
                rest = Window(row, window.col, last - row, window.cols)
                kept.append(self._placed(rest, one.held.values.dtype))
                _copy(one.held, kept[-1].held, rest)
            self._rooms.give(one.room)
        self._kept = kept

    def _placed(self, window: Window, dtype: np.dtype[Any]) -> _Kept:
        """Room for a window; its pixels are not yet what they are to be."""
        bands, shape = len(self._mosaic.bands), (window.rows, window.cols)
        size = bands * window.rows * window.cols * dtype.itemsize
        room = self._rooms.take(size + window.rows * window.cols)
        values = room[:size].view(dtype).reshape(bands, *shape)
        valid = room[size : size + window.rows * window.cols].view(bool).reshape(shape)
        return _Kept(Held(window, values, valid), room)

    def _cut(self, place: SearchWindow, whole: Held) -> Read:
        frame = place.frame
        is_open = placed(whole.valid, whole.window, frame)
        inner = (slice(1, -1), slice(1, -1))
        if is_open[inner].any():
            is_open &= self._area.of(frame)
        counted = is_open[inner].copy()
        _leave_only(counted, place)
        if not counted.any():
            return Read(place, None, counted, ~is_open)
        window = place.window
        inside = window.shared(self._extent)
        at = inside.within(whole.window)
        values, valid = whole.values[(slice(None), *at)], whole.valid[at]
        if inside != window:
            before = (inside.row - window.row, inside.col - window.col)
            after = (window.rows - inside.rows - before[0], window.cols - inside.cols - before[1])
            pads = ((before[0], after[0]), (before[1], after[1]))
            values = np.pad(values, ((0, 0), *pads), mode="symmetric")
            valid = np.pad(valid, pads, mode="symmetric")
        return Read(place, Held(window, values.copy(), valid.copy()), counted, ~is_open)


def _copy(given: Held, out: Held, part: Window) -> None:
    was, at = part.within(given.window), part.within(out.window)
    out.values[(slice(None), *at)] = given.values[(slice(None), *was)]
    out.valid[at] = given.valid[was]


def without(window: Window, hole: Window) -> list[Window]:
    """The parts of a window outside a hole that lies in it or beside it, each pixel once."""
    both = window.shared(hole)
    if not (both.rows and both.cols):
        return [window]
    last_row, last_col = both.row + both.rows, both.col + both.cols
    parts = [
        Window(window.row, window.col, both.row - window.row, window.cols),
        Window(both.row, window.col, both.rows, both.col - window.col),
        Window(both.row, last_col, both.rows, window.col + window.cols - last_col),
        Window(last_row, window.col, window.row + window.rows - last_row, window.cols),
    ]
    return [part for part in parts if part.rows and part.cols]


def placed(values: Mask, given: Window, wanted: Window) -> Mask:
    """A mask on another window; False where it was not known."""
    out = np.zeros((wanted.rows, wanted.cols), bool)
    both = given.shared(wanted)
    if both.rows and both.cols:
        out[both.within(wanted)] = values[both.within(given)]
    return out


def _leave_only(counted: Mask, place: SearchWindow) -> None:
    """Clear what belongs to tiles that are not asked for."""
    core_px = place.tiles[0].core_px
    if len(place.tiles) * core_px**2 == counted.size:
        return
    asked = np.zeros_like(counted)
    for tile in place.tiles:
        asked[tile.window.within(place.core)] = True
    counted &= asked


def _unread(place: SearchWindow, problem: str) -> Read:
    frame = place.frame
    return Read(
        place=place,
        imagery=None,
        counted=np.zeros((place.core.rows, place.core.cols), bool),
        beside=np.ones((frame.rows, frame.cols), bool),
        problem=problem,
    )


def _joined(one: Window, other: Window) -> Window:
    row, col = min(one.row, other.row), min(one.col, other.col)
    last_row = max(one.row + one.rows, other.row + other.rows)
    last_col = max(one.col + one.cols, other.col + other.cols)
    return Window(row, col, last_row - row, last_col - col)
