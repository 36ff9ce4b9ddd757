"""Every setting as a person looks it up: value, source, range, unit, meaning."""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Literal, get_origin, get_type_hints

from rtsproj.settings import schema
from rtsproj.settings.check import accepted_text, bounds, plain_type
from rtsproj.settings.presets import preset_settings
from rtsproj.settings.ranges import Range
from rtsproj.settings.schema import Settings
from rtsproj.settings.write import toml_text

Source = Literal["default", "preset", "project.toml"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One key.

    Attributes:
        key: ``table.name``.
        value: as it is now.
        source: where this value comes from: project.toml where it differs from the preset's, the
            preset where that differs from the default.
        preset: the value of the project's preset.
        default: the value of the preset ``default``.
        accepted: the range, the choices or the type.
        unit: of a number; empty without.
        about: what it means.
    """

    key: str
    value: Any
    source: Source
    preset: Any
    default: Any
    accepted: str
    unit: str
    about: str


def hints() -> Mapping[str, Any]:
    """``table.name`` -> type of the field with its range, in the order of the file."""
    tables = {one.name: one.type for one in fields(Settings)}
    return {
        f"{table}.{name}": hint
        for table, kind in tables.items()
        for name, hint in get_type_hints(kind, include_extras=True).items()
    }


def catalogue(settings: Settings) -> tuple[Setting, ...]:
    """All settings, in the order of the file."""
    preset, default = preset_settings(settings.project.preset), Settings()
    abouts = _meanings()
    found = []
    for key, hint in hints().items():
        table, _, name = key.partition(".")
        value, own, first = (
            getattr(getattr(one, table), name) for one in (settings, preset, default)
        )
        bound = bounds(hint)
        found.append(
            Setting(
                key,
                value,
                "project.toml" if value != own else "preset" if own != first else "default",
                preset=own,
                default=first,
                accepted=accepted_text(hint),
                unit=bound.unit if isinstance(bound, Range) else "",
                about=abouts[f"{type(getattr(default, table)).__name__}.{name}"],
            )
        )
    return tuple(found)


def choices(key: str) -> tuple[Any, ...]:
    """The values that a key may have, where they can be listed; else empty."""
    kind = plain_type(hints()[key])
    if kind is bool:
        return (True, False)
    return tuple(kind.__args__) if get_origin(kind) is Literal else ()


def setting_lines(one: Setting) -> tuple[str, ...]:
    """Value, range, source and meaning of a key, a line each."""
    return (
        f"{one.key} = {toml_text(one.value)}",
        f"accepted  {one.accepted}",
        f"source    {one.source}",
        f"preset    {toml_text(one.preset)}",
        f"default   {toml_text(one.default)}",
        one.about,
    )


def _meanings() -> Mapping[str, str]:
    """``Class.field`` -> the text below the field in the schema's source.

    The text is written once, where the field is (pydantic's ``use_attribute_docstrings`` reads it
    in the same way).
    """
    found: dict[str, str] = {}
    for node in ast.parse(inspect.getsource(schema)).body:
        body = node.body if isinstance(node, ast.ClassDef) else []
        for line, below in pairwise(body):
            if (
                isinstance(node, ast.ClassDef)
                and isinstance(line, ast.AnnAssign)
                and isinstance(line.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                text = inspect.cleandoc(str(below.value.value))
                found[f"{node.name}.{line.target.id}"] = " ".join(text.split())
    return found


def derived_keys() -> tuple[str, ...]:
    """Keys whose value 0 means that it follows from the data."""
    found = ((key, bounds(hint)) for key, hint in hints().items())
    return tuple(key for key, bound in found if isinstance(bound, Range) and bound.derived)
