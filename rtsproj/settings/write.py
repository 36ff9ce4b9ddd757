"""Write settings as TOML: a whole file, or one value in a file that a person has edited."""

import tomllib
from dataclasses import asdict
from typing import Any

from rtsproj.settings.schema import Settings


def settings_text(settings: Settings) -> str:
    """Render settings as TOML, one key a line, so that a person can edit and compare them."""
    lines: list[str] = ["# Settings of this rtsproj project; every change is recorded with the"]
    lines.append("# iteration that used it. `rtsproj settings list` explains each key.")
    for name, table in asdict(settings).items():
        lines.append(f"\n[{name}]")
        lines.extend(f"{key} = {toml_text(value)}" for key, value in table.items())
    return "\n".join(lines) + "\n"


def toml_text(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped)
        return f'"{escaped}"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_text(item) for item in value) + "]"
    return repr(value)


def with_value(text: str, key: str, value: Any) -> str:
    """The text of a project.toml with one value replaced; comments and other lines stay.

    It works on lines: a table header of its own, one key a line. What it makes of a file written
    otherwise (dotted keys, inline tables) is for the caller to compare with what was meant.

    Args:
        text: the file as it is.
        key: ``table.name``.
        value: the new value, checked.
    """
    table, _, name = key.partition(".")
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    pair = f"{name} = {toml_text(value)}"
    first, last = _table_lines(lines, table)
    if first is None:
        before = [*lines, ""] if lines[-1] else lines
        return end.join([*before, f"[{table}]", pair, ""])
    at = next((n for n in range(first, last) if _key_of(lines[n]) == name), None)
    if at is None:
        lines.insert(first, pair)
        return end.join(lines)
    until = next((n for n in range(at + 1, last + 1) if _is_toml(lines[at:n])), at + 1)
    comment = _comment(lines[until - 1]) if until == at + 1 else ""
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at:until] = [indent + pair + comment]
    return end.join(lines)


def _table_lines(lines: list[str], table: str) -> tuple[int | None, int]:
    """The lines below a table's header, up to the next header."""
    headers = [n for n, line in enumerate(lines) if line.lstrip().startswith("[")]
    tops = (n for n in headers if lines[n].partition("#")[0].strip().strip("[] ") == table)
    top = next(tops, None)
    if top is None:
        return None, 0
    later = (n for n in headers if n > top and _is_toml([lines[n]]))
    return top + 1, next(later, len(lines))


def _key_of(line: str) -> str:
    return line.partition("=")[0].strip() if "=" in line else ""


def _is_toml(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _comment(line: str) -> str:
    """The comment behind a value with the spaces before it; a ``#`` in a string is none."""
    at = line.find("#")
    while at >= 0:
        before = line[:at]
        if _is_toml([before]):
            return line[len(before.rstrip()) :]
        at = line.find("#", at + 1)
    return ""
