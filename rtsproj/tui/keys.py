"""Every key in one table: id, key, what it does. Footer and help are read from it."""

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """One binding.

    Attributes:
        id: stable name, for remapping.
        key: textual's name of the key, several comma-joined.
        action: method of the screen or app.
        text: what it does, as the footer shows it.
        shown: True = in the footer.
        label: how the key is written.
    """

    id: str
    key: str
    action: str
    text: str
    shown: bool = False
    label: str = ""


EVERYWHERE = (
    Key("help", "question_mark", "app.help", "Help", shown=True, label="?"),
    Key("suspend", "ctrl+z", "app.suspend_process", "Suspend"),
)
HOME = (
    Key("home.next", "enter", "next", "Continue", shown=True),
    Key("home.triage", "3,t", "triage", "Triage", shown=True, label="3"),
    Key("home.converge", "4,c", "converge", "Converge", shown=True, label="4"),
    Key("home.report", "r", "report", "Report", shown=True),
    Key("home.stop", "x", "stop_job", "Stop job", shown=True),
    Key("home.resume", "R", "resume_job", "Resume job", shown=True),
    Key("home.quit", "q", "app.quit", "Quit", shown=True),
)
TRIAGE = (
    Key("verdict.accept", "y", "verdict('accept')", "Accept", shown=True),
    Key("verdict.reject", "n", "verdict('reject')", "Reject", shown=True),
    Key("verdict.unsure", "m", "verdict('unsure')", "Unsure", shown=True),
    Key("skip", "s,space", "skip", "Skip", shown=True, label="s"),
    Key("undo", "u", "undo", "Undo", shown=True),
    Key("redo", "ctrl+r", "redo", "Redo"),
    Key("queue.next", "j,down", "move(1)", "Next", label="j"),
    Key("queue.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("queue.first", "g,home", "move(-1000000000)", "First", label="g"),
    Key("queue.last", "G,end", "move(1000000000)", "Last", label="G"),
    Key("blink", "b", "blink", "Blink", shown=True),
    Key("year.older", "left_square_bracket", "year(-1)", "Older", shown=True, label="["),
    Key("year.newer", "right_square_bracket", "year(1)", "Newer", shown=True, label="]"),
    Key("outline", "o", "outline", "Outline", shown=True),
    Key("zoom.frame", "z", "frame", "Tight/wide", shown=True),
    Key("note", "e", "note", "Note", shown=True),
    Key("view.png", "V", "png", "Save PNG"),
    Key("queue.toggle", "l", "toggle_queue", "Queue"),
    Key("triage.back", "q,escape", "back", "Back", shown=True, label="q"),
)
CLOSE = (Key("close", "q,escape,enter", "back", "Back", shown=True, label="q"),)
CONVERGE = (
    Key("converge.close", "enter", "close", "Close the iteration", shown=True),
    Key("converge.back", "q,escape", "back", "Back", shown=True, label="q"),
)


def bindings(keys: tuple[Key, ...]) -> list[BindingType]:
    """Textual's bindings of a table."""
    return [
        Binding(
            one.key,
            one.action,
            one.text,
            show=one.shown,
            key_display=one.label or None,
            id=one.id,
        )
        for one in keys
    ]
