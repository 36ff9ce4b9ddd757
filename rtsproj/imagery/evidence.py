"""The evidence picture of a candidate: every year side by side, outline, scale, resolution."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path

import shapely
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import ProjectGrid
from rtsproj.errors import UsageError
from rtsproj.geometry.outlines import to_pixels
from rtsproj.imagery.chips import Chip

SIDE_PX = 420
GAP_PX = 8
TEXT_PX = 20
OUTLINE = (255, 220, 0)
NEIGHBOUR = (0, 200, 255)
INK = (235, 235, 235)
GROUND = (24, 24, 24)


@dataclass(frozen=True, slots=True)
class Panel:
    """One view: a title and its chip."""

    title: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is drawn on every panel.

    Attributes:
        grid: the project grid.
        outline: the candidate, project CRS.
        neighbours: other outlines, project CRS, in another colour.
        caption: lines under the pictures.
    """

    grid: ProjectGrid
    outline: BaseGeometry
    neighbours: tuple[BaseGeometry, ...]
    caption: tuple[str, ...]


def draw_evidence(panels: Sequence[Panel], evidence: Evidence) -> Image.Image:
    """Lay the panels side by side, each with its outline, scale bar, north and resolution."""
    width = len(panels) * (SIDE_PX + GAP_PX) + GAP_PX
    height = GAP_PX + TEXT_PX + SIDE_PX + TEXT_PX * (1 + len(evidence.caption)) + GAP_PX
    sheet = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(sheet)
    for number, panel in enumerate(panels):
        left = GAP_PX + number * (SIDE_PX + GAP_PX)
        draw.text((left, GAP_PX), panel.title, fill=INK)
        sheet.paste(_picture(panel.chip, evidence), (left, GAP_PX + TEXT_PX))
    top = GAP_PX + TEXT_PX + SIDE_PX + TEXT_PX // 2
    for number, line in enumerate(evidence.caption):
        draw.text((GAP_PX, top + number * TEXT_PX), line.replace("²", "2"), fill=INK)
    return sheet


def write_evidence(path: Path, panels: Sequence[Panel], evidence: Evidence) -> None:
    """Write the picture as PNG, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    stream = io.BytesIO()
    draw_evidence(panels, evidence).save(stream, format="PNG")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(stream.getvalue())
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="choose another file"
        ) from error


def scale_length(width_m: float) -> float:
    """A round length of at most a third of a view, m: 1, 2 or 5 times a power of ten."""
    most = width_m / 3
    power = 10.0 ** floor(log10(most))
    return max(step * power for step in (1, 2, 5) if step * power <= most)


def _picture(chip: Chip, evidence: Evidence) -> Image.Image:
    image = Image.fromarray(chip.rgb).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for shape in evidence.neighbours:
        _draw_outline(draw, shape, chip, evidence.grid, NEIGHBOUR)
    _draw_outline(draw, evidence.outline, chip, evidence.grid, OUTLINE)
    width_m = chip.window.cols * evidence.grid.pixel_m
    bar_m = scale_length(width_m)
    bar_px = bar_m / width_m * SIDE_PX
    draw.line((10, SIDE_PX - 12, 10 + bar_px, SIDE_PX - 12), fill=INK, width=3)
    text = f"{bar_m:g} m   {width_m / SIDE_PX:.1f} m per px"
    draw.text((10, SIDE_PX - 30), text, fill=INK, stroke_width=1, stroke_fill=GROUND)
    _draw_north(draw)
    if chip.missing_share > 0:
        words = f"NO IMAGERY {100 * chip.missing_share:.0f} %"
        draw.text((10, 8), words, fill=INK, stroke_width=1, stroke_fill=GROUND)
    return image


def _draw_north(draw: ImageDraw.ImageDraw) -> None:
    """An arrow that points up; the built-in font holds none."""
    x, top = SIDE_PX - 18, 8
    draw.polygon([(x, top), (x - 6, top + 14), (x + 6, top + 14)], fill=INK, outline=GROUND)
    draw.text((x - 3, top + 16), "N", fill=INK, stroke_width=1, stroke_fill=GROUND)


def _draw_outline(
    draw: ImageDraw.ImageDraw,
    shape: BaseGeometry,
    chip: Chip,
    grid: ProjectGrid,
    colour: tuple[int, int, int],
) -> None:
    across, down = SIDE_PX / chip.window.cols, SIDE_PX / chip.window.rows
    for part in shapely.get_parts(to_pixels(shape, grid).boundary):
        xy = shapely.get_coordinates(part)
        points = [((x - chip.window.col) * across, (y - chip.window.row) * down) for x, y in xy]
        draw.line(points, fill=colour, width=2)
