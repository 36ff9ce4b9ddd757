"""A text area that completes names with tab and walks the history at its first and last line."""

import re
from collections.abc import Mapping, Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import TextArea

KEYWORDS = tuple(
    """SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LEFT USING ON AS AND OR NOT IN IS NULL LIKE
    BETWEEN DISTINCT COUNT SUM AVG MIN MAX HAVING DESC ASC CASE WHEN THEN ELSE END WITH UNION ALL
    DESCRIBE SUMMARIZE QUALIFY OVER PARTITION near_infrastructure""".split()  # noqa: SIM905 - words
)
TAKEN = ("f6", "f7")
"""Keys of a text area that the screen needs itself."""
WORD = re.compile(r"[\w.]+$")


class SqlEditor(TextArea, inherit_bindings=False):
    """Tab completes, or leaves where there is nothing to complete."""

    BINDINGS = [
        one for one in TextArea.BINDINGS if isinstance(one, Binding) and one.key not in TAKEN
    ]

    class Offered(Message):
        """Several names fit."""

        def __init__(self, names: Sequence[str]) -> None:
            super().__init__()
            self.names = tuple(names)

    def __init__(self, text: str, *, history: Sequence[str]) -> None:
        super().__init__(text, id="editor", soft_wrap=False, show_line_numbers=False)
        self.cursor_blink = False  # a screen at rest sends nothing
        self._views: Mapping[str, tuple[str, ...]] = {}
        self._history = list(history)
        self._at: int | None = None
        self._draft = ""
        self._cycle: tuple[str, tuple[str, ...]] | None = None

    def know(self, views: Mapping[str, tuple[str, ...]]) -> None:
        """Learn the names of views and columns."""
        self._views = views

    def asked(self, text: str) -> None:
        """A query was run: it is the newest of the history."""
        self._history = [*(one for one in self._history if one != text), text]
        self._at = None

    async def _on_key(self, event: events.Key) -> None:
        row, last = self.cursor_location[0], self.document.line_count - 1
        is_taken = (
            (event.key == "tab" and self._complete())
            or (event.key == "up" and row == 0 and self._walk(-1))
            or (event.key == "down" and row == last and self._walk(1))
        )
        if event.key != "tab":
            self._cycle = None
        if is_taken:
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _walk(self, step: int) -> bool:
        """Show an older or newer query of the history; False where there is none."""
        if self._at is None and (step > 0 or not self._history):
            return False
        if self._at is None:
            self._draft, self._at = self.text, len(self._history)
        at = max(0, self._at + step)
        self._at = None if at >= len(self._history) else at
        self.text = self._draft if self._at is None else self._history[self._at]
        self.move_cursor(self.document.end if step > 0 else (0, 0))
        return True

    def _complete(self) -> bool:
        row, col = self.cursor_location
        found = WORD.search(self.document.get_line(row)[:col])
        if found is None:
            return False
        prefix = found.group()
        if self._cycle is not None and prefix in self._cycle[1]:
            names = self._cycle[1]
            chosen = names[(names.index(prefix) + 1) % len(names)]
        else:
            names = matches(prefix, self._views, self.text)
            if not names or names == (prefix,):
                return False
            shared = shared_start([one.lower() for one in names])
            is_longer = len(shared) > len(prefix) and len(names) > 1
            chosen = names[0][: len(shared)] if is_longer else names[0]
            self._cycle = None if is_longer else (prefix, names)
        self.post_message(self.Offered(names))
        self.replace(chosen, (row, col - len(prefix)), (row, col))
        return True


def shared_start(names: Sequence[str]) -> str:
    """The longest text that all names begin with."""
    first, last = min(names), max(names)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first[: min(len(first), len(last)) if same is None else same]


def matches(prefix: str, views: Mapping[str, tuple[str, ...]], text: str) -> tuple[str, ...]:
    """Names that begin with a prefix: columns of the views in the text first, then the rest."""
    view, dot, start = prefix.rpartition(".")
    if dot:
        return tuple(f"{view}.{one}" for one in views.get(view, ()) if one.startswith(start))
    spoken = set(re.findall(r"\w+", text))
    near = [one for view, columns in views.items() if view in spoken for one in columns]
    far = [one for columns in views.values() for one in columns]
    given = prefix.lower()
    known = dict.fromkeys([*near, *views, *KEYWORDS, *far])
    return tuple(one for one in known if one.lower().startswith(given))
