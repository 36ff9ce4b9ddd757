"""A screen whose work runs in threads: a fault in a thread is told, not swallowed."""

from textual.events import Event, Mount
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError


class WorkingScreen(Screen[None]):
    """Says what went wrong, and what to do."""

    def say(self, error: RtsError) -> None:
        """Show an error that a person can act on."""
        self.notify(
            f"{safe_text(error.what)}: {safe_text(error.hint)}", severity="error", markup=False
        )

    async def on_event(self, event: Event) -> None:
        """An app that is closing mounts no widgets any more: such a screen does not begin."""
        if not (isinstance(event, Mount) and not self.children):
            await super().on_event(event)

    def note_from_thread(self, text: str) -> None:
        """Show what a person should know, from a thread that works."""
        self.app.call_from_thread(self.notify, safe_text(text), markup=False, timeout=8)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A thread that ended with an error says so; the screen goes on."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        if isinstance(error, RtsError):
            self.say(error)
            return
        what = f"{event.worker.name}: {type(error).__name__}: {error}"
        hint = "a fault of rtsproj: please report it; your work is on disk"
        self.notify(f"{safe_text(what)} ({hint})", severity="error", markup=False)
