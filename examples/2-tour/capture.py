"""Take pictures of the real screens of a project: python capture.py PROJECT [FOLDER [NAME...]].

The UI runs without a terminal, keys are pressed, and what it would draw is painted cell by cell:
text with the DejaVu font that matplotlib brings, blocks and braille as rectangles and dots.
"""

import asyncio
import os
import sys
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"  # before textual is imported
from rtsproj.tui.app import RtsApp
from rtsproj.workflow.project import open_project

CELL = (9, 18)
"""px of a cell."""
BLOCKS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
EIGHTHS = "▁▂▃▄▅▆▇"
INK, GROUND = (215, 221, 225), (17, 22, 26)
SHOTS = {
    "home": ((120, 36), ()),
    "triage": ((160, 46), ("3",)),
    "triage-80x24": ((80, 24), ("3",)),
    "map": ((120, 36), ("a",)),
    "report": ((120, 36), ("r",)),
}
"""Name -> (columns and rows, keys pressed from home)."""


def font() -> ImageFont.FreeTypeFont:
    """A monospaced font that fits a cell."""
    path = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    return ImageFont.truetype(str(path), 14)


def colours(style: Style | None) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Foreground and background of a style."""
    if style is None:
        return INK, GROUND
    fore = tuple(style.color.get_truecolor()) if style.color else INK
    back = tuple(style.bgcolor.get_truecolor(foreground=False)) if style.bgcolor else GROUND
    return (back, fore) if style.reverse else (fore, back)


def paint_cell(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], glyph: str, ink: tuple[int, int, int]
) -> bool:
    """Blocks and braille by hand; False where it is a letter."""
    x, y = at
    width, height = CELL
    if glyph in BLOCKS:
        bits = BLOCKS.index(glyph)
        for bit in range(4):
            if bits >> bit & 1:
                left, top = x + (bit % 2) * width // 2, y + (bit // 2) * height // 2
                right = x + width if bit % 2 else x + width // 2
                bottom = y + height if bit // 2 else y + height // 2
                draw.rectangle((left, top, right - 1, bottom - 1), fill=ink)
        return True
    if glyph in EIGHTHS:
        tall = (EIGHTHS.index(glyph) + 1) * height // 8
        draw.rectangle((x, y + height - tall, x + width - 1, y + height - 1), fill=ink)
        return True
    if 0x2800 <= ord(glyph) < 0x2900:
        for bit, (col, row) in enumerate(
            ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
        ):
            if (ord(glyph) - 0x2800) >> bit & 1:
                cx, cy = x + 2 + col * 5, y + 2 + row * 4
                draw.rectangle((cx, cy, cx + 1, cy + 1), fill=ink)
        return True
    return False


def paint(lines: list[list[Segment]], size: tuple[int, int]) -> Image.Image:
    """Segments of the screen's lines as a picture."""
    cols, rows = size
    image = Image.new("RGB", (cols * CELL[0], rows * CELL[1]), GROUND)
    draw, letters = ImageDraw.Draw(image), font()
    for row, line in enumerate(lines):
        col = 0
        for text, style, _ in line:
            ink, ground = colours(style)
            for glyph in text:
                x, y = col * CELL[0], row * CELL[1]
                draw.rectangle((x, y, x + CELL[0] - 1, y + CELL[1] - 1), fill=ground)
                if not paint_cell(draw, (x, y), glyph, ink):
                    draw.text((x, y), glyph, fill=ink, font=letters)
                col += 1
    return image


async def rest(pilot: Pilot[int | None]) -> None:
    """Wait until no thread of the screen is at work."""
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.2)
        quiet = quiet + 1 if all(one.is_finished for one in pilot.app.workers) else 0


async def shoot(project: Path, name: str, folder: Path) -> None:
    """One screen."""
    size, keys = SHOTS[name]
    app = RtsApp(open_project(project), analyst="ann")
    async with app.run_test(size=size) as pilot:
        await rest(pilot)
        for key in keys:
            await pilot.press(key)
            await rest(pilot)
        lines = [list(strip) for strip in app.screen._compositor.render_strips()]  # noqa: SLF001
    paint(lines, size).quantize(64).save(folder / f"{name}.png", optimize=True)


def main() -> None:
    """Take all pictures, or those that are named."""
    project = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[3:] or SHOTS:
        asyncio.run(shoot(project, name, folder))
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main()
