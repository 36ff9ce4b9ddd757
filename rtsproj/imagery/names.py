"""What file names and tags of the usual providers tell: date, sensor, band order, mask."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from rtsproj.domain.scenes import ALPHA

DATES = (
    re.compile(r"(?<!\d)((?:19|20)\d{2})-(\d{2})-(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})_(\d{2})_(\d{2})(?!\d)"),
)
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
SENTINEL2 = {"b2": "blue", "b3": "green", "b4": "red", "b8": "nir"}
COLOURS = {
    "red": "red",
    "green": "green",
    "blue": "blue",
    "nir": "nir",
    "nearinfrared": "nir",
    "near_infrared": "nir",
    "near infrared": "nir",
    "alpha": ALPHA,
}
MASK = re.compile(r"udm2?", re.IGNORECASE)


def band_name(text: str) -> str:
    """The project's name of a band: Sentinel-2's B02 is blue, NearInfrared is nir.

    Any other text stays, in lower case with ``_`` for what is neither letter nor digit.
    """
    plain = text.strip().lower()
    plain = SENTINEL2.get(re.sub(r"^b0", "b", plain), plain)
    return COLOURS.get(plain, re.sub(r"[^a-z0-9]+", "_", plain).strip("_"))


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
    described = _described(descriptions)
    if described is not None:
        return described
    has_alpha = bool(colours) and colours[-1] == "alpha"
    count = len(colours) - has_alpha
    tail = (ALPHA,) if has_alpha else ()
    if sensor_of(name) == "PlanetScope" and count in PLANET:
        return PLANET[count] + tail
    coloured = tuple(COLOURS.get(one, "") for one in colours[:count])
    if all(coloured) and len(set(coloured)) == count:
        return coloured + tail
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


def _described(descriptions: Sequence[str | None]) -> tuple[str, ...] | None:
    if not descriptions or any(not one for one in descriptions):
        return None
    names = [band_name(str(one)) for one in descriptions]
    return tuple(names) if len(set(names)) == len(names) and all(names) else None
