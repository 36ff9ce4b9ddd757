"""Screens by name: what `:` and the keys of home go to.

Why by name: a screen's module is imported when it is first opened, so that the first paint of home
waits for nothing else, and no screen imports another one.
"""

from importlib import import_module
from typing import Any

from textual.screen import Screen

from rtsproj.tui.gateway.gateway import Gateway

PLACES = {
    "home": "HomeScreen",
    "train": "TrainScreen",
    "infer": "InferScreen",
    "triage": "TriageScreen",
    "outline": "OutlineScreen",
    "converge": "ConvergeScreen",
    "map": "MapScreen",
    "draw": "DrawScreen",
    "report": "ReportScreen",
    "sql": "SqlScreen",
    "jobs": "JobsScreen",
    "data": "DataScreen",
    "settings": "SettingsScreen",
    "inputs": "InputsScreen",
    "pictures": "PicturesScreen",
    "help": "HelpScreen",
}
"""Place -> class; its module is ``rtsproj.tui.screens.<place>``."""
WORDS = {
    "home": "where the project stands, what is next",
    "train": "training: curves, scores, device",
    "infer": "search: tiles by state, speed, failures",
    "triage": "review the open candidates",
    "converge": "the stop rule, agreement, the next iteration",
    "map": "slumps, candidates, lines and tiles on the map",
    "draw": "draw a slump that no model found, on the map",
    "report": "inventory and what lies near roads and railway",
    "sql": "ask the database",
    "jobs": "all jobs, of every session",
    "data": "add images, area, labels, lines, terrain",
    "settings": "settings of project.toml with their ranges",
    "inputs": "what is in use: images, area, labels, lines, terrain; remove one",
    "pictures": "choose how pictures are drawn here",
    "help": "keys and labelling criteria",
}
"""What a place is for, in the command palette."""


def screen_of(place: str, gateway: Gateway, **given: Any) -> Screen[None]:
    """Make the screen of a place.

    Args:
        place: a key of ``PLACES``.
        gateway: what it shows.
        given: keyword arguments of that screen, such as a candidate to open at.
    """
    module = import_module(f"rtsproj.tui.screens.{place}")
    made: Screen[None] = getattr(module, PLACES[place])(gateway, **given)
    return made
