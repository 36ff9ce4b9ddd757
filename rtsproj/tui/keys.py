"""Every key in one table per screen: id, key, what it does. Footer, help and keys.toml read them.

An id is stable: a team remaps by id in ``keys.toml``, and the footer and the help page follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
    Key("command", "colon", "app.command_line", "Command", shown=True, label=":"),
    Key("palette", "ctrl+p", "app.command_palette", "All commands"),
    Key("redraw", "ctrl+l", "app.redraw", "Redraw, upload pictures again"),
    Key("suspend", "ctrl+z", "app.suspend_process", "Suspend"),
    Key("quit", "ctrl+q", "app.leave", "Quit"),
)
HOME = (
    Key("home.next", "enter", "next", "Continue", shown=True),
    Key("home.train", "1", "open('train')", "Train", shown=True),
    Key("home.infer", "2", "open('infer')", "Infer", shown=True),
    Key("home.triage", "3,t", "open('triage')", "Triage", shown=True, label="3"),
    Key("home.converge", "4,c", "open('converge')", "Converge", shown=True, label="4"),
    Key("home.map", "a", "open('map')", "Map", shown=True),
    Key("home.report", "r", "open('report')", "Report", shown=True),
    Key("home.sql", "d", "open('sql')", "SQL", shown=True),
    Key("home.jobs", "J", "open('jobs')", "Jobs"),
    Key("home.data", "i", "open('data')", "Add data", shown=True),
    Key("home.settings", "s", "open('settings')", "Settings", shown=True),
    Key("home.pictures", "p", "open('pictures')", "Pictures"),
    Key("home.quit", "q", "app.leave", "Quit", shown=True),
)
TRIAGE = (
    Key("verdict.accept", "y", "verdict('accept')", "Accept", shown=True),
    Key("verdict.reject", "n", "verdict('reject')", "Reject", shown=True),
    Key("verdict.unsure", "m", "verdict('unsure')", "Unsure", shown=True),
    Key("skip", "s,space", "skip", "Skip", shown=True, label="s"),
    Key("undo", "u", "undo", "Undo", shown=True),
    Key("redo", "ctrl+r", "redo", "Redo"),
    Key("blink", "b", "blink", "Blink", shown=True),
    Key("queue.toggle", "l", "toggle_queue", "Queue", shown=True),
    Key("triage.help", "question_mark", "app.help", "Help", shown=True, label="?"),
    Key("triage.back", "q,escape", "back", "Back", shown=True, label="q"),
    Key("blink.auto", "B", "blink_auto", "Blink by itself"),
    Key("year.older", "left_square_bracket", "year(-1)", "Older", shown=True, label="["),
    Key("year.newer", "right_square_bracket", "year(1)", "Newer", shown=True, label="]"),
    Key("outline", "o", "outline", "Outline", shown=True),
    Key("zoom.frame", "z", "frame", "Tight/wide", shown=True),
    Key("view.full", "v", "full", "Full screen", shown=True),
    Key("swipe", "w", "swipe", "Swipe: ← → move the edge"),
    Key("bands", "c", "bands", "Bands: colour, infrared, NDVI, difference, hillshade"),
    Key("stretch", "t", "stretch", "Stretch: of the view, of the scene, fixed"),
    Key("zoom.in", "equals_sign", "zoom(-1)", "Zoom in", label="="),
    Key("zoom.out", "minus", "zoom(1)", "Zoom out", label="-"),
    Key("pan.left", "shift+left", "pan(-1, 0)", "Pan west", label="⇧←"),
    Key("pan.right", "shift+right", "pan(1, 0)", "Pan east", label="⇧→"),
    Key("pan.up", "shift+up", "pan(0, 1)", "Pan north", label="⇧↑"),
    Key("pan.down", "shift+down", "pan(0, -1)", "Pan south", label="⇧↓"),
    Key("swipe.left", "left", "swipe_to(-1)", "Swipe edge left", label="←"),
    Key("swipe.right", "right", "swipe_to(1)", "Swipe edge right", label="→"),
    Key("queue.next", "j,down", "move(1)", "Next", label="j"),
    Key("queue.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("queue.first", "g,home", "move(-1000000000)", "First", label="g"),
    Key("queue.last", "G,end", "move(1000000000)", "Last", label="G"),
    Key("queue.page.down", "pagedown", "move(20)", "A page on"),
    Key("queue.page.up", "pageup", "move(-20)", "A page back"),
    Key("queue.filter", "slash", "filter", "Filter the queue", label="/"),
    Key("queue.order", "Q", "order", "Another queue order"),
    Key("evidence.1", "1", "evidence(0)", "Headwall"),
    Key("evidence.2", "2", "evidence(1)", "Bare floor"),
    Key("evidence.3", "3", "evidence(2)", "Flow or toe"),
    Key("evidence.4", "4", "evidence(3)", "Crescent"),
    Key("evidence.5", "5", "evidence(4)", "Growth"),
    Key("evidence.6", "6", "evidence(5)", "No vegetation"),
    Key("evidence.7", "7", "evidence(6)", "Own evidence 7"),
    Key("evidence.8", "8", "evidence(7)", "Own evidence 8"),
    Key("evidence.9", "9", "evidence(8)", "Own evidence 9"),
    Key("confidence", "C", "confidence", "Certain, probable, possible"),
    Key("note", "e", "note", "Note"),
    Key("flag", "f", "flag", "Flag to come back"),
    Key("mark", "x", "mark", "Mark for a bulk decision"),
    Key("mark.decide", "X", "decide_marked", "Decide all marked…"),
    Key("outline.edit", "E", "edit_outline", "Edit the outline"),
    Key("view.png", "V", "png", "Save PNG"),
    Key("reasons", "R", "reasons", "Reject reasons and counts"),
    Key("history", "a", "history", "This place over all iterations"),
    Key("map", "M", "map", "On the map"),
    Key("draw", "D", "draw", "Draw a slump that no model found"),
)
OUTLINE = (
    Key(
        "ladder.lower", "less_than_sign,comma", "threshold(-1)", "Lower cut", shown=True, label="<"
    ),
    Key(
        "ladder.higher",
        "greater_than_sign,full_stop",
        "threshold(1)",
        "Higher cut",
        shown=True,
        label=">",
    ),
    Key("ladder.grow", "g", "step('grow')", "Grow 1 px", shown=True),
    Key("ladder.shrink", "k", "step('shrink')", "Shrink 1 px", shown=True),
    Key("ladder.smooth", "s", "step('smooth')", "Smooth", shown=True),
    Key("ladder.holes", "h", "step('holes')", "Drop holes", shown=True),
    Key("ladder.split", "p", "step('split')", "Split at the neck", shown=True),
    Key("ladder.merge", "m", "step('merge')", "Merge a neighbour", shown=True),
    Key("ladder.undo", "u", "undo", "Undo", shown=True),
    Key("ladder.blink", "b", "blink", "Blink", shown=True),
    Key("ladder.year.older", "left_square_bracket", "year(-1)", "Older", label="["),
    Key("ladder.year.newer", "right_square_bracket", "year(1)", "Newer", label="]"),
    Key("ladder.frame", "z", "frame", "Tight/wide"),
    Key("ladder.bands", "c", "bands", "Bands"),
    Key("ladder.leave", "enter,escape,q", "leave", "Done", shown=True, label="enter"),
)
CLOSE = (Key("close", "q,escape,enter", "back", "Back", shown=True, label="q"),)
CONVERGE = (
    Key("converge.close", "enter", "close", "Close the iteration", shown=True),
    Key("converge.adjudicate", "d", "adjudicate", "Adjudicate", shown=True),
    Key("converge.again", "A", "again", "Search once more…"),
    Key("converge.back", "q,escape", "back", "Back", shown=True, label="q"),
)
TRAIN = (
    Key("train.start", "enter", "start", "Train", shown=True),
    Key("train.stop", "x", "stop", "Stop…", shown=True),
    Key("train.resume", "R", "resume", "Resume", shown=True),
    Key("train.log", "l", "log", "Log", shown=True),
    Key("train.smooth", "t", "smooth", "Smoothing", shown=True),
    Key("train.back", "q,escape", "back", "Back, it goes on", shown=True, label="esc"),
)
INFER = (
    Key("infer.start", "enter", "start", "Search/tile", shown=True),
    Key("infer.stop", "x", "stop", "Stop…", shown=True),
    Key("infer.resume", "R", "resume", "Resume", shown=True),
    Key("infer.retry", "F", "retry", "Retry failed", shown=True),
    Key("infer.log", "l", "log", "Log", shown=True),
    Key("infer.left", "left,h", "move(0, -1)", "West", label="←"),
    Key("infer.right", "right", "move(0, 1)", "East", label="→"),
    Key("infer.up", "up,k", "move(-1, 0)", "North", label="↑"),
    Key("infer.down", "down,j", "move(1, 0)", "South", label="↓"),
    Key("infer.back", "q,escape", "back", "Back, it goes on", shown=True, label="esc"),
)
JOBS = (
    Key("jobs.attach", "enter", "attach", "Monitor", shown=True),
    Key("jobs.next", "j,down", "move(1)", "Next", label="j"),
    Key("jobs.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("jobs.stop", "x", "stop", "Stop…", shown=True),
    Key("jobs.resume", "R", "resume", "Resume", shown=True),
    Key("jobs.log", "l", "log", "Log", shown=True),
    Key("jobs.back", "q,escape", "back", "Back", shown=True, label="q"),
)
MAP = (
    Key("map.left", "left,h", "move(-1, 0)", "West", label="←"),
    Key("map.right", "right", "move(1, 0)", "East", label="→"),
    Key("map.up", "up,k", "move(0, -1)", "North", label="↑"),
    Key("map.down", "down,j", "move(0, 1)", "South", label="↓"),
    Key("map.in", "equals_sign,plus", "zoom(-1)", "In", shown=True, label="="),
    Key("map.out", "minus", "zoom(1)", "Out", shown=True, label="-"),
    Key("map.whole", "0", "whole", "Whole", shown=True),
    Key("map.next", "n,tab", "jump(1)", "Next", shown=True, label="n"),
    Key("map.previous", "N,shift+tab", "jump(-1)", "Previous", label="N"),
    Key("map.layer", "c", "layer", "Layers", shown=True),
    Key("map.imagery", "i", "imagery", "Imagery", shown=True),
    Key("map.open", "enter", "open", "Open here", shown=True),
    Key("map.draw", "d", "draw", "Draw a slump", shown=True),
    Key("map.remove", "x", "remove", "Remove the slump here"),
    Key("map.undo", "u", "undo", "Undo"),
    Key("map.redo", "ctrl+r", "redo", "Redo"),
    Key("map.back", "q,escape", "back", "Back", shown=True, label="q"),
)
DRAW = (
    Key("draw.corner", "space", "corner", "Corner", shown=True),
    Key("draw.save", "enter", "save", "Close, save", shown=True),
    Key("draw.grow", "g", "grow", "Grow from here", shown=True),
    Key("draw.lower", "less_than_sign,comma", "cut(-1)", "Lower cut", shown=True, label="<"),
    Key(
        "draw.higher", "greater_than_sign,full_stop", "cut(1)", "Higher cut", shown=True, label=">"
    ),
    Key("draw.drop", "backspace", "drop", "Drop the last corner", label="⌫"),
    Key("draw.back", "escape", "back", "Give up", shown=True, label="esc"),
    Key("draw.left", "left,h", "move(-1, 0)", "West", label="←"),
    Key("draw.right", "right,l", "move(1, 0)", "East", label="→"),
    Key("draw.up", "up,k", "move(0, -1)", "North", label="↑"),
    Key("draw.down", "down,j", "move(0, 1)", "South", label="↓"),
    Key("draw.far.left", "shift+left", "move(-8, 0)", "8 cells west", label="⇧←"),
    Key("draw.far.right", "shift+right", "move(8, 0)", "8 cells east", label="⇧→"),
    Key("draw.far.up", "shift+up", "move(0, -4)", "4 cells north", label="⇧↑"),
    Key("draw.far.down", "shift+down", "move(0, 4)", "4 cells south", label="⇧↓"),
    Key("draw.in", "equals_sign,plus", "zoom(-1)", "In", shown=True, label="="),
    Key("draw.out", "minus", "zoom(1)", "Out", shown=True, label="-"),
    Key("draw.imagery", "i", "imagery", "Imagery", shown=True),
)
REPORT = (
    Key("report.export", "x", "export", "Export…", shown=True),
    Key("report.distance", "f", "distance", "Distance", shown=True),
    Key("report.sort", "s", "sort", "Sort", shown=True),
    Key("report.next", "j,down", "move(1)", "Next", label="j"),
    Key("report.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("report.open", "enter", "open", "On the map", shown=True),
    Key("report.text", "v", "text", "As text", shown=True),
    Key("report.back", "q,escape", "back", "Back", shown=True, label="q"),
)
SQL = (
    Key("sql.run", "f5,ctrl+enter", "run", "Run", shown=True, label="F5"),
    Key("sql.saved", "f2", "saved", "Saved", shown=True, label="F2"),
    Key("sql.save", "f3", "save", "Save…", shown=True, label="F3"),
    Key("sql.export", "f6", "export", "Export…", shown=True, label="F6"),
    Key("sql.choose", "enter", "choose", "Open the row, or load the query"),
    Key("sql.next", "j,down", "move(1)", "Next row", label="j"),
    Key("sql.previous", "k,up", "move(-1)", "Row before", label="k"),
    Key("sql.page.down", "pagedown", "move(20)", "A page on"),
    Key("sql.page.up", "pageup", "move(-20)", "A page back"),
    Key("sql.first", "g,home", "move(-1000000000)", "First row", label="g"),
    Key("sql.last", "G,end", "move(1000000000)", "Last row", label="G"),
    Key("sql.left", "left,h", "shift(-1)", "Columns to the left", label="←"),
    Key("sql.right", "right,l", "shift(1)", "Columns to the right", label="→"),
    Key("sql.back", "escape", "back", "Back, or stop the query", shown=True, label="esc"),
)
DATA = (
    Key("data.up", "backspace,left", "up", "Above", shown=True, label="←"),
    Key("data.open", "enter,right", "open", "Open or mark", label="enter"),
    Key("data.mark", "space", "mark", "Mark", shown=True),
    Key("data.kind", "t", "kind", "As…", shown=True),
    Key("data.say", "e", "say", "Say…", shown=True),
    Key("data.goto", "slash", "go_to", "Go to folder…", label="/"),
    Key("data.add", "a", "add", "Add…", shown=True),
    Key("data.next", "j,down", "move(1)", "Next", label="j"),
    Key("data.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("data.tile", "g", "tile", "Lay grid", shown=True),
    Key("data.inputs", "i", "inputs", "In use…", shown=True),
    Key("data.back", "q,escape", "back", "Back", shown=True, label="q"),
)
INPUTS = (
    Key("inputs.remove", "x", "remove", "Remove…", shown=True),
    Key("inputs.next", "j,down", "move(1)", "Next", label="j"),
    Key("inputs.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("inputs.back", "q,escape", "back", "Back", shown=True, label="q"),
)
PICTURES = (
    Key("pictures.1", "1", "choose(0)", "Choose 1"),
    Key("pictures.2", "2", "choose(1)", "Choose 2"),
    Key("pictures.3", "3", "choose(2)", "Choose 3"),
    Key("pictures.4", "4", "choose(3)", "Choose 4"),
    Key("pictures.5", "5", "choose(4)", "Choose 5"),
    Key("pictures.6", "6", "choose(5)", "Choose 6"),
    Key("pictures.full", "v", "full", "Full-screen test", shown=True),
    Key("pictures.colours", "c", "colours", "Colours", shown=True),
    Key("pictures.back", "q,escape", "back", "Keep", shown=True, label="esc"),
)
SETTINGS = (
    Key("settings.edit", "enter", "edit", "Change…", shown=True),
    Key("settings.preset", "d", "to_preset", "Value of the preset", shown=True),
    Key("settings.changed", "c", "changed", "Changed only", shown=True),
    Key("settings.next", "j,down", "move(1)", "Next", label="j"),
    Key("settings.previous", "k,up", "move(-1)", "Previous", label="k"),
    Key("settings.first", "g,home", "move(-1000000000)", "First", label="g"),
    Key("settings.last", "G,end", "move(1000000000)", "Last", label="G"),
    Key("settings.page.down", "pagedown", "move(20)", "A page on"),
    Key("settings.page.up", "pageup", "move(-20)", "A page back"),
    Key("settings.back", "q,escape", "back", "Back", shown=True, label="q"),
)
TABLES: Mapping[str, tuple[Key, ...]] = {
    "everywhere": EVERYWHERE,
    "home": HOME,
    "train": TRAIN,
    "infer": INFER,
    "triage": TRIAGE,
    "outline": OUTLINE,
    "converge": CONVERGE,
    "map": MAP,
    "draw": DRAW,
    "report": REPORT,
    "sql": SQL,
    "jobs": JOBS,
    "data": DATA,
    "inputs": INPUTS,
    "pictures": PICTURES,
    "settings": SETTINGS,
}
"""Tables by the name of their screen."""


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


def remapped(keys: tuple[Key, ...], keymap: Mapping[str, str]) -> tuple[Key, ...]:
    """A table as a person's keys.toml has it, for help pages."""
    return tuple(
        replace(one, key=keymap[one.id], label="") if one.id in keymap else one for one in keys
    )


def known_ids() -> frozenset[str]:
    """Every id that keys.toml may name."""
    return frozenset(one.id for table in TABLES.values() for one in table)
