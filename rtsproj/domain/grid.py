"""The project grid: where a pixel lies, and windows of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of grid pixels: rows [row, row + rows), columns [col, col + cols)."""

    row: int
    col: int
    rows: int
    cols: int

    def grown(self, margin_px: int) -> "Window":
        """The same rectangle with ``margin_px`` more on each side."""
        return Window(
            self.row - margin_px,
            self.col - margin_px,
            self.rows + 2 * margin_px,
            self.cols + 2 * margin_px,
        )

    def meets(self, other: "Window") -> bool:
        """True where the two share a pixel."""
        return (
            self.row < other.row + other.rows
            and other.row < self.row + self.rows
            and self.col < other.col + other.cols
            and other.col < self.col + self.cols
        )

    def within(self, frame: "Window") -> tuple[slice, slice]:
        """Rows and columns of this window in an array that holds ``frame``.

        Raises:
            ValueError: this window reaches out of the frame. A slice would be silently short, or
                would count from the other end.
        """
        row, col = self.row - frame.row, self.col - frame.col
        if min(row, col) < 0 or row + self.rows > frame.rows or col + self.cols > frame.cols:
            raise ValueError(f"{self} reaches out of {frame}")
        return slice(row, row + self.rows), slice(col, col + self.cols)

    def shared(self, other: "Window") -> "Window":
        """What the two have in common; zero rows or columns where they are apart."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        rows = min(self.row + self.rows, other.row + other.rows) - row
        cols = min(self.col + self.cols, other.col + other.cols) - col
        return Window(row, col, max(0, rows), max(0, cols))


@dataclass(frozen=True, slots=True)
class ProjectGrid:
    """North-up square pixels that all scenes of a project are read on.

    Attributes:
        crs: projected CRS in metres, ``EPSG:n``.
        pixel_m: m, side of a pixel.
        origin_x: m, left edge of column 0.
        origin_y: m, upper edge of row 0; rows go down.
    """

    crs: str
    pixel_m: float
    origin_x: float
    origin_y: float

    def bounds(self, window: Window) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) of a window in m of the project CRS."""
        left = self.origin_x + window.col * self.pixel_m
        top = self.origin_y - window.row * self.pixel_m
        return (
            left,
            top - window.rows * self.pixel_m,
            left + window.cols * self.pixel_m,
            top,
        )
