"""Start the UI: look at the terminal first, decide what it can show, then import textual."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rtsproj.errors import ExitCode, RtsError, UsageError
from rtsproj.jobs.ask import ask_program
from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.terminal.colours import Colours, can_show
from rtsproj.tui.terminal.detect import (
    TMUX_FORMAT,
    Abilities,
    Answer,
    Tmux,
    detect,
    read_kept,
    read_tmux,
    terminal_key,
)
from rtsproj.tui.terminal.probe import ask_terminal
from rtsproj.tui.user import keys_path, read_choices, read_keymap, remember
from rtsproj.tui.wishes import Wishes
from rtsproj.workflow.project import Project

PLAIN_VERBS = "use the plain verbs: rtsproj status, rtsproj triage --plain, rtsproj --help"
THEMES = ("dark", "light", "16")
TMUX_SAYS = ("tmux", "display-message", "-p", TMUX_FORMAT)


def run(project: Project, *, at: str, analyst: str, wishes: Wishes | None = None) -> int:
    """Run the UI until the analyst leaves; returns the exit code.

    Raises:
        UsageError: there is no terminal, it cannot show a screen, or a wish is not known.
    """
    wishes = wishes or Wishes()
    check_wishes(wishes)
    check_terminal(wishes)
    key, abilities = look_at_terminal(wishes)
    prepare(os.environ, abilities)
    from rtsproj.tui.app import RtsApp  # noqa: PLC0415 - textual reads the environment above
    from rtsproj.tui.display import Display  # noqa: PLC0415 - same
    from rtsproj.tui.keys import known_ids  # noqa: PLC0415 - same
    from rtsproj.tui.pictures.uploads import Uploads  # noqa: PLC0415 - same
    from rtsproj.tui.terminal.driver import CalmDriver  # noqa: PLC0415 - same

    choices = read_choices()
    display = Display(
        mode=chosen_mode(wishes, _chosen(choices, key), abilities),
        grey=abilities.is_colourless,
        theme=wishes.theme or _theme(choices),
        keymap=read_keymap(keys_path(), known=known_ids()),
        is_ascii=wishes.ascii,
        terminal=key,
        abilities=abilities,
        uploads=Uploads(in_tmux=abilities.in_tmux),
    )
    app = RtsApp(project, analyst=analyst, at=at, display=display)
    app.driver_class = CalmDriver
    app.run(mouse=wishes.mouse)
    with suppress(RtsError):  # claims that stay are the analyst's own, and expire
        app.gateway.review.release()
    if app.return_code == ExitCode.HANG_UP:
        let_go_of_terminal()
    return app.return_code or int(ExitCode.DONE)


def let_go_of_terminal() -> None:
    """Send what is still to be written nowhere.

    Python flushes at its end; to a terminal that is gone it cannot, and would exit with 120.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def check_wishes(wishes: Wishes) -> None:
    """Refuse names that do not exist.

    Raises:
        UsageError: naming those that do.
    """
    if wishes.pictures is not None and wishes.pictures not in list(Mode):
        raise UsageError(
            f"--pictures {wishes.pictures}: no such mode", hint=f"one of {', '.join(Mode)}"
        )
    if wishes.theme is not None and wishes.theme not in THEMES:
        raise UsageError(
            f"--theme {wishes.theme}: no such theme", hint=f"one of {', '.join(THEMES)}"
        )


def check_terminal(wishes: Wishes) -> None:
    """Refuse where a screen cannot be shown; textual draws on stderr.

    Raises:
        UsageError: no terminal, TERM=dumb, or not UTF-8.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the screen needs a terminal: stdin and stderr", hint=PLAIN_VERBS)
    if not can_show(os.environ):
        raise UsageError(
            f"TERM={os.environ.get('TERM', '')} cannot show a screen", hint=PLAIN_VERBS
        )
    encoding = (sys.stderr.encoding or "").lower().replace("-", "")
    if encoding != "utf8" and not wishes.force_utf8:
        raise UsageError(
            f"the terminal's encoding is {sys.stderr.encoding}, not UTF-8",
            hint=f"export LC_ALL=C.UTF-8, or --force-utf8; or {PLAIN_VERBS}",
        )


def look_at_terminal(wishes: Wishes) -> tuple[str, Abilities]:
    """What choices for this terminal are stored under, and what it can do."""
    tmux = read_tmux(ask_program(TMUX_SAYS)) if os.environ.get("TMUX") else Tmux()
    key = terminal_key(os.environ, tmux)
    answer = _answer(key, wishes)
    return key, detect(os.environ, tmux=tmux, answer=answer)


def prepare(environment: "os._Environ[str] | dict[str, str]", abilities: Abilities) -> None:
    """Set what textual reads when it is imported."""
    if abilities.colours is Colours.TRUE:
        environment["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
    if environment.get("SSH_CONNECTION"):
        environment.setdefault("TEXTUAL_FPS", "15")
        environment.setdefault("TEXTUAL_ANIMATIONS", "none")


def chosen_mode(wishes: Wishes, stored: str, abilities: Abilities) -> Mode:
    """Flag, then ASCII, then what was chosen here before, then what fits."""
    if wishes.pictures is not None:
        return Mode(wishes.pictures)
    if wishes.ascii:
        return Mode.ASCII
    known = stored in list(Mode) and Mode(stored) not in abilities.refused
    return Mode(stored) if known else abilities.mode


def _answer(key: str, wishes: Wishes) -> Answer | None:
    """The stored answer of this terminal; asked for once, remembered."""
    stored = read_choices().get("terminals", {})
    stored = stored if isinstance(stored, dict) else {}
    known = read_kept(stored.get(key))
    if known is not None or not wishes.probe:
        return known
    answer = ask_terminal()
    if answer is not None:
        remember("terminals", {**stored, key: answer.kept()})
    return answer


def _chosen(choices: Mapping[str, Any], key: str) -> str:
    chosen = choices.get("pictures", {})
    return str(chosen.get(key, "")) if isinstance(chosen, dict) else ""


def _theme(choices: Mapping[str, Any]) -> str:
    theme = str(choices.get("theme", "dark"))
    return theme if theme in THEMES else "dark"
