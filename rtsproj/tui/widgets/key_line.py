"""The screen's keys in one line; what does not fit is told by help."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

HELP = "app.help"
KEPT = (HELP, "back", "leave")
"""Actions that stay at any width: the way out, and the page with every key."""
AROUND = 3
"""Cells round a key and its word."""


class KeyLine(Footer):
    """Keys in the order of the key map; on a narrow screen the last ones give way."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._fitted = 0

    def compose(self) -> ComposeResult:
        """As many keys as fit."""
        self._fitted = self.app.size.width
        keys = [one for one in super().compose() if isinstance(one, FooterKey)]
        kept = fitting([_width(one) for one in keys], [one.action for one in keys], self._fitted)
        for number in kept:
            if keys[number].action == HELP and len(kept) < len(keys):
                keys[number].description = "All keys"
            yield keys[number]

    def on_resize(self) -> None:
        """Another width holds other keys."""
        if self._fitted and self.app.size.width != self._fitted:
            self.call_after_refresh(self.recompose)


def fitting(widths: Sequence[int], actions: Sequence[str], room: int) -> list[int]:
    """Numbers of the keys that are shown.

    Args:
        widths: cells of each key with its word.
        actions: what each does.
        room: cells of the line.
    """
    kept = list(range(len(widths)))
    spare = [number for number in kept if actions[number] not in KEPT]
    more = len("All keys") - len("Help")
    while spare and sum(widths[number] for number in kept) > room:
        if len(kept) == len(widths):
            room -= more
        kept.remove(spare.pop())
    return kept


def _width(key: FooterKey) -> int:
    return cell_len(key.key_display) + cell_len(key.description) + AROUND
