"""What file names and tags of the usual providers tell: date, sensor, band order, mask."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from rtsproj.domain.bands import band_in_name, band_name, is_unresolved, numbering_of
from rtsproj.domain.scenes import ALPHA

DATES = (
    re.compile(r"(?<!\d)((?:19|20)\d{2})-(\d{2})-(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})_(\d{2})_(\d{2})(?!\d)"),
)
YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
TAGS = ("TIFFTAG_DATETIME", "ACQUISITION_DATE", "acquired", "datetime", "DATE_ACQUIRED")
SENSORS = (
    (re.compile(r"(?:^|[_-])S2[AB]?_|_MSI|SENTINEL-?2", re.IGNORECASE), "Sentinel-2"),
    (re.compile(r"(?:^|[_-])(?:L[CEOT]0?[4-9]|L8|L9)_|LC0[89]", re.IGNORECASE), "Landsat"),
    (
        re.compile(r"PSScene|PSOrtho|AnalyticMS|_3B_|planet|_SR_8b|BGRN", re.IGNORECASE),
        "PlanetScope",
    ),
    (re.compile(r"^m_\d{7}_", re.IGNORECASE), "NAIP"),
)
PLANET = {
    3: ("red", "green", "blue"),
    4: ("blue", "green", "red", "nir"),
    8: ("coastal", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
}
"""Band order of PlanetScope products by band count (4 bands are BGRN)."""
COUNTED = {3: ("red", "green", "blue"), 4: ("red", "green", "blue", "nir")}
"""Where nothing else tells."""
COLOURS = ("red", "green", "blue", "nir", ALPHA)
"""Colour interpretations of GDAL that are names of bands."""
MASK = re.compile(r"udm2?", re.IGNORECASE)


def date_of(name: str, tags: Mapping[str, str]) -> date | None:
    """Day of acquisition from a file name, else from TIFF metadata; None where neither tells."""
    for text in (name, *(tags.get(key, "").replace(":", "-") for key in TAGS)):
        for pattern in DATES:
            for found in pattern.finditer(text):
                try:
                    return date(*map(int, found.groups()))
                except ValueError:
                    continue
    return None


def year_of(name: str) -> int | None:
    """The year in a file name without month and day; None where it holds none or several."""
    found = {int(one) for one in YEAR.findall(name)}
    return found.pop() if len(found) == 1 else None


def sensor_of(name: str) -> str | None:
    """Sensor by file name; None where it tells nothing."""
    return next((sensor for pattern, sensor in SENSORS if pattern.search(name)), None)


def guess_bands(
    name: str, descriptions: Sequence[str | None], colours: Sequence[str]
) -> tuple[str, ...] | None:
    """Band names in file order: from descriptions, then the provider, then colours, then count.

    Args:
        name: file name.
        descriptions: one per band, None where the file has none.
        colours: GDAL colour interpretation per band.

    Returns:
        Names, ``alpha`` for a mask band; None where nothing tells.
    """
    described = _described(name, descriptions)
    if described is not None:
        return described
    has_alpha = bool(colours) and colours[-1] == "alpha"
    count = len(colours) - has_alpha
    tail = (ALPHA,) if has_alpha else ()
    if sensor_of(name) == "PlanetScope" and count in PLANET:
        return PLANET[count] + tail
    if _are_bands(colours[:count]):
        return (*colours[:count], *tail)
    if count in COUNTED:
        return COUNTED[count] + tail
    return None


def udm2_beside(path: Path) -> Path | None:
    """Planet's usable data mask beside a scene: the same name start with udm2 in it."""
    stem = re.split(r"_(?:Analytic|ortho|SR|3B)", path.stem, maxsplit=1, flags=re.IGNORECASE)[0]
    found = sorted(
        one
        for one in path.parent.glob(f"{_literal(stem)}*.tif")
        if MASK.search(one.stem.removeprefix(stem)) and one != path
    )
    return found[0] if found else None


def _literal(text: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", text)


def _described(name: str, descriptions: Sequence[str | None]) -> tuple[str, ...] | None:
    texts = [one for one in descriptions if one]
    if len(descriptions) == 1 and not texts:
        texts = [one for one in (band_in_name(name),) if one]
    if not texts or len(texts) != len(descriptions):
        return None
    numbers = numbering_of(name, texts)
    names = [band_name(one, numbers or {}) for one in texts]
    if not all(names) or len(set(names)) != len(names) or any(map(is_unresolved, names)):
        return None
    return tuple(names)


def _are_bands(colours: Sequence[str]) -> bool:
    names = [one for one in colours if one in COLOURS]
    return len(names) == len(colours) == len(set(names))
