"""Blinks by itself, and stops by itself when nobody can see it."""

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

EVERY_S = 0.6
"""s between two pictures: 1-2 changes a second."""


class Blinker:
    """Calls a flip again and again while its widget is seen."""

    _timer: Timer | None = None

    def __init__(
        self, widget: Widget, flip: Callable[[], None], *, every_s: float = EVERY_S
    ) -> None:
        """Prepare; nothing runs before ``toggle``.

        Args:
            widget: what is blinked; the blinking ends when it or its screen is hidden.
            flip: shows the other picture.
            every_s: s between two flips.
        """
        self._widget = widget
        self._flip = flip
        self._every_s = every_s

    @property
    def is_on(self) -> bool:
        """True while it blinks."""
        return self._timer is not None

    def toggle(self) -> bool:
        """Begin or end; True = it blinks now."""
        if self.is_on:
            self.stop()
        else:
            self._timer = self._widget.set_interval(self._every_s, self._tick)
        return self.is_on

    def stop(self) -> None:
        """End; a second time is fine."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        widget = self._widget
        seen = widget.is_attached and widget.display and widget.screen.is_current
        if seen and widget.app.app_focus and widget.region.size.area != 0:
            self._flip()
        else:
            self.stop()
