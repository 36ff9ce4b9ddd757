"""Map every retrogressive thaw slump of a permafrost region, iteration by iteration.

In a notebook: ``import rtsproj as rts; p = rts.open("…"); p.inventory()``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtsproj.notebook.opened import init_notebook as init
    from rtsproj.notebook.opened import open_notebook as open  # noqa: A004 - read as rts.open

__version__ = "0.1.0"
__all__ = ["__version__", "init", "open"]

_NOTEBOOK = {"open": "open_notebook", "init": "init_notebook"}


def __getattr__(name: str) -> Any:
    """The functions for notebooks, loaded when they are asked for: no other entry point pays."""
    if name not in _NOTEBOOK:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rtsproj.notebook import opened  # noqa: PLC0415 - see above

    return getattr(opened, _NOTEBOOK[name])
