"""iTerm2's inline images: a PNG in one escape sequence.

References:
    https://iterm2.com/documentation-images.html
"""

import base64

from rtsproj.tui.pictures.cells import Picture
from rtsproj.tui.pictures.kitty import png_of


def inline_of(rgb: Picture) -> str:
    """Encode a picture at its own size in pixels; empty where it has none."""
    if 0 in rgb.shape:
        return ""
    png = png_of(rgb)
    rows, cols = rgb.shape[:2]
    head = f"inline=1;size={len(png)};width={cols}px;height={rows}px;preserveAspectRatio=1"
    return f"\x1b]1337;File={head}:{base64.b64encode(png).decode('ascii')}\x07"
