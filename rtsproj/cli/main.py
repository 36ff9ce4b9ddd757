"""The door: global options, verbs loaded when they are called, errors and exit codes.

Why lazily: importing every room for `status` would cost a second; each verb's module imports what
that verb needs and nothing else. No verb imports torch.
"""

import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from rtsproj import __version__
from rtsproj.cli import screen
from rtsproj.cli.anywhere import with_global_options
from rtsproj.cli.output import Talk
from rtsproj.cli.session import Session
from rtsproj.domain.text import suggestion
from rtsproj.errors import ExitCode, RtsError, UsageError
from rtsproj.tui.wishes import Wishes

VERBS = {
    "init": "setup",
    "settings": "settings",
    "scene": "scenes",
    "area": "inputs",
    "label": "inputs",
    "line": "inputs",
    "terrain": "inputs",
    "tile": "inputs",
    "train": "work",
    "infer": "work",
    "job": "work",
    "next": "work",
    "candidate": "review",
    "decide": "review",
    "undo": "review",
    "redo": "review",
    "triage": "review",
    "slump": "slumps",
    "edit": "edit",
    "converge": "review",
    "status": "overview",
    "sql": "results",
    "report": "results",
    "export": "results",
    "doctor": "care",
    "backup": "care",
    "restore": "care",
    "migrate": "care",
    "demo": "demo",
}
"""Verb -> module of this room, in the order of the method."""


class LazyVerbs(typer.core.TyperGroup):
    """Loads a verb's module when the verb is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All verbs, in the order of the method."""
        return [*VERBS, *(name for name in super().list_commands(ctx) if name not in VERBS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A verb's command."""
        if cmd_name not in VERBS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"rtsproj.cli.{VERBS[cmd_name]}")
        group: Any = typer.main.get_command(module.app)
        return with_global_options(group.commands[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed, or the one that may have been meant."""
        known = self.list_commands(ctx)
        if args and args[0] not in known:
            hint = suggestion(args[0], known) or "rtsproj --help"
            raise UsageError(f"{args[0]}: no such verb", hint=hint)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyVerbs,
    name="rtsproj",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: rtsproj demo ~/demo --auto",
)


def _version(*, asked: bool) -> None:
    if asked:
        print(f"rtsproj {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("-C", metavar="DIR", help="Project directory, as in git.")
    ] = Path(),
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Suppress messages on stderr.")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="More detail.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Print the version and end.")
    ] = False,
    pictures: screen.Pictures = None,
    theme: screen.Theme = None,
    ascii_only: screen.Ascii = False,
    no_probe: screen.NoProbe = False,
    no_mouse: screen.NoMouse = False,
    force_utf8: screen.ForceUtf8 = False,
) -> None:
    """Map every retrogressive thaw slump: train, search, check, repeat until nothing new is found.

    Without a verb the terminal UI opens on the project of this folder. -C, -q and -v may also stand
    after the verb.
    """
    _version(asked=version)
    wishes = Wishes(pictures, theme, ascii_only, not no_probe, not no_mouse, force_utf8)
    context.obj = Session(folder, Talk(quiet=quiet), verbose, wishes)
    if context.invoked_subcommand is None:
        raise typer.Exit(screen.open_screen(context.obj))


@app.command(name="completion")
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish")] = "bash",
) -> None:
    """Print the completion script of a shell. Example: rtsproj completion bash >> ~/.bashrc."""
    from typer._completion_shared import get_completion_script  # noqa: PLC0415 - only this verb needs it

    print(get_completion_script(prog_name="rtsproj", complete_var="_RTSPROJ_COMPLETE", shell=shell))


def main() -> None:
    """Run the command line; the one place that turns errors into exit codes."""
    try:
        code = app(standalone_mode=False)
    except RtsError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(ExitCode.CANCELLED)
    except BrokenPipeError:
        sys.exit(ExitCode.FAILED)
    except typer.Abort:
        sys.exit(ExitCode.CANCELLED)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "rtsproj"
        text = " ".join(error.format_message().split())
        print(f"error: {_one_line(text)}", file=sys.stderr)
        print(f"hint: {command} --help", file=sys.stderr)
        sys.exit(ExitCode.USAGE)
    except Exception:  # noqa: BLE001 - the outermost frame: record, name the log, exit 1
        log = _log()
        print(f"error: rtsproj met a fault of its own\nhint: see {log}", file=sys.stderr)
        sys.exit(ExitCode.FAILED)
    sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def _tell(error: RtsError) -> None:
    print(f"error: {_one_line(error.what)}", file=sys.stderr)
    print(f"hint: {_one_line(error.hint)}", file=sys.stderr)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text.replace("\n", "; "))


def _log() -> Path:
    log = Path.home() / ".cache" / "rtsproj" / "error.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as stream:
        traceback.print_exc(file=stream)
    return log


if __name__ == "__main__":
    main()
