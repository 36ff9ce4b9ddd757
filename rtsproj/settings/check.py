"""Check values against the types, ranges and choices of their fields."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from rtsproj.errors import UsageError
from rtsproj.settings.ranges import Items, Range


def checked_table(base: Any, values: Mapping[str, Any], where: str) -> Any:
    """One table of settings: what is given wins over ``base``; ``where`` names it in errors.

    Raises:
        UsageError: an unknown key, a wrong type, or a value out of range.
    """
    hints = get_type_hints(type(base), include_extras=True)
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise refusal(where, key, value, f"one of {', '.join(sorted(hints))}")
        checked[key] = _value(hints[key], value, where=where, key=key)
    return replace(base, **checked)


def bounds(hint: Any) -> Range | Items | None:
    """The range of a field's numbers, or the limit of its entries; None without."""
    found = (one for one in get_args(hint)[1:] if isinstance(one, Range | Items))
    return next(found, None) if get_origin(hint) is Annotated else None


def accepted_text(hint: Any) -> str:
    """What a field accepts: its range, its choices, or its type."""
    kind, bound = plain_type(hint), bounds(hint)
    if get_origin(kind) is Literal:
        return _choices(kind)
    if bound is not None:
        return bound.text
    if kind is bool:
        return "true or false"
    return "a list" if get_origin(kind) is tuple else "text"


def value_of_text(hint: Any, text: str) -> Any:
    """A value as a person types it: TOML, or a bare word or list where no other is meant."""
    kind = plain_type(hint)
    text = text.strip()
    if get_origin(kind) is tuple and not text.startswith("["):
        inner = get_args(kind)[0]
        return [value_of_text(inner, one) for one in text.split(",") if one.strip()]
    if kind is str and not text.startswith(('"', "'")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def refusal(where: str, key: str, value: Any, wanted: str) -> UsageError:
    """The error of a value that is not accepted."""
    return UsageError(f"{where}: {key} = {value!r} is not accepted", hint=f"it must be {wanted}")


def _value(hint: Any, value: Any, *, where: str, key: str) -> Any:
    kind, bound = plain_type(hint), bounds(hint)
    if get_origin(kind) is tuple:
        return _entries(hint, value, where=where, key=key)
    if get_origin(kind) is Literal:
        if not any(value == one and type(value) is type(one) for one in get_args(kind)):
            raise refusal(where, key, value, _choices(kind))
        return value
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise refusal(where, key, value, f"of type {kind.__name__}")
    if isinstance(bound, Range) and not bound.accepts(value):
        raise refusal(where, key, value, f"within {bound.text}")
    return value


def _entries(hint: Any, value: Any, *, where: str, key: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise refusal(where, key, value, "a list")
    bound, inner = bounds(hint), get_args(plain_type(hint))[0]
    if isinstance(bound, Items) and len(value) > bound.most:
        raise refusal(where, key, value, bound.text)
    if isinstance(bound, Range):
        inner = Annotated[inner, bound]
    return tuple(_value(inner, one, where=where, key=key) for one in value)


def plain_type(hint: Any) -> Any:
    """The type of a field without its range."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _choices(kind: Any) -> str:
    return f"one of {', '.join(map(str, get_args(kind)))}"
