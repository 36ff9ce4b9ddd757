"""Start the UI: look at the terminal first, decide colours, then import textual."""

import codecs
import os
import sys
from collections.abc import Callable

from rtsproj.errors import ExitCode, UsageError
from rtsproj.tui.terminal.colours import Colours, can_show, colours_of
from rtsproj.tui.user import keys_path, read_choices, read_keymap
from rtsproj.workflow.project import Project


def run(project: Project, *, at: str, analyst: str) -> int:
    """Run the UI until the analyst leaves; returns the exit code.

    Raises:
        UsageError: there is no terminal, or it cannot show a screen.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "the screen needs a terminal", hint="use the verbs: rtsproj status, triage --plain"
        )
    if not can_show(os.environ):
        raise UsageError(
            f"TERM={os.environ.get('TERM', '')} cannot show a screen",
            hint="use the verbs: rtsproj status, triage --plain",
        )
    colours = colours_of(os.environ)
    if colours is Colours.TRUE:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
    if os.environ.get("SSH_CONNECTION"):
        os.environ.setdefault("TEXTUAL_FPS", "15")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from textual.drivers import linux_driver  # noqa: PLC0415 - textual reads the environment above

    from rtsproj.tui.app import Display, RtsApp  # noqa: PLC0415 - same
    from rtsproj.tui.keys import known_ids  # noqa: PLC0415 - same

    # One invalid byte of input (8-bit Meta, a Latin-1 paste) would end the app (textual 8.2.8).
    setattr(linux_driver, "getincrementaldecoder", _forgiving)  # noqa: B010 - not its own name
    display = Display(
        grey=colours is not Colours.TRUE,
        theme=str(read_choices().get("theme", "dark")),
        keymap=read_keymap(keys_path(), known=known_ids()),
    )
    app = RtsApp(project, analyst=analyst, at=at, display=display)
    app.run()
    return app.return_code or int(ExitCode.DONE)


def _forgiving(name: str) -> Callable[..., codecs.IncrementalDecoder]:
    decoder = codecs.getincrementaldecoder(name)

    def make(errors: str = "replace") -> codecs.IncrementalDecoder:
        return decoder("replace" if errors == "strict" else errors)

    return make
