"""Names of spectral bands, and the numbers that Sentinel-2 and Landsat give them."""

import re
from collections.abc import Mapping, Sequence

BANDS: Mapping[str, str] = {
    "coastal": "coastal aerosol, 0.44 um",
    "blue": "0.49 um",
    "green_i": "green I of PlanetScope, 0.53 um",
    "green": "0.56 um",
    "yellow": "0.61 um",
    "red": "0.66 um",
    "rededge": "red edge of PlanetScope, 0.71 um",
    "rededge1": "0.70 um",
    "rededge2": "0.74 um",
    "rededge3": "0.78 um",
    "nir": "near infrared, 0.83 to 0.87 um",
    "nir_narrow": "near infrared of Sentinel-2, narrow, 0.86 um",
    "water_vapour": "0.94 um",
    "cirrus": "1.37 um",
    "swir1": "short-wave infrared, 1.6 um",
    "swir2": "short-wave infrared, 2.2 um",
    "thermal": "thermal infrared, 10.9 or 11.5 um",
    "thermal2": "thermal infrared, 12.0 um",
    "pan": "panchromatic",
    "alpha": "mask: 0 = no data",
}
"""Name -> what it is, by wavelength. Other names are kept as they are given."""
SENTINEL2: Mapping[str, str] = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "rededge1",
    "6": "rededge2",
    "7": "rededge3",
    "8": "nir",
    "8a": "nir_narrow",
    "9": "water_vapour",
    "10": "cirrus",
    "11": "swir1",
    "12": "swir2",
}
LANDSAT_TM: Mapping[str, str] = {
    "1": "blue",
    "2": "green",
    "3": "red",
    "4": "nir",
    "5": "swir1",
    "6": "thermal",
    "7": "swir2",
    "8": "pan",
}
"""TM and ETM+: Landsat 4, 5 and 7."""
LANDSAT_OLI: Mapping[str, str] = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "nir",
    "6": "swir1",
    "7": "swir2",
    "8": "pan",
    "9": "cirrus",
    "10": "thermal",
    "11": "thermal2",
}
"""OLI and TIRS: Landsat 8 and 9."""
NUMBERINGS: Mapping[str, Mapping[str, str]] = {
    "Sentinel-2": SENTINEL2,
    "Landsat 4, 5, 7": LANDSAT_TM,
    "Landsat 8, 9": LANDSAT_OLI,
}
ALIASES: Mapping[str, str] = {
    "aerosol": "coastal",
    "coastal_aerosol": "coastal",
    "coastal_blue": "coastal",
    "green_1": "green_i",
    "vegetation_red_edge_1": "rededge1",
    "vegetation_red_edge_2": "rededge2",
    "vegetation_red_edge_3": "rededge3",
    "red_edge": "rededge",
    "red_edge_1": "rededge1",
    "red_edge_2": "rededge2",
    "red_edge_3": "rededge3",
    "nearinfrared": "nir",
    "near_infrared": "nir",
    "narrow_nir": "nir_narrow",
    "water_vapor": "water_vapour",
    "swir_1": "swir1",
    "swir_2": "swir2",
    "swir16": "swir1",
    "swir22": "swir2",
    "lwir11": "thermal",
    "lwir12": "thermal2",
    "thermal1": "thermal",
    "thermal_infrared": "thermal",
    "panchromatic": "pan",
}
_NUMBERED = re.compile(r"(?:(sr|st)_)?b(?:and_?)?0*(\d{1,2}a?)")
_IN_NAME = re.compile(r"_((?:SR_|ST_)?B(?:0?[1-9]A?|1[0-2]))(?=[_.]|$)", re.IGNORECASE)
_LANDSAT = re.compile(
    r"(?:^|[_\-. ])(?:L[COTEM]0?|L|LANDSAT[_\- ]?)([45789])(?=[_\-. ]|$)", re.IGNORECASE
)


def numbering_of(name: str, texts: Sequence[str]) -> Mapping[str, str] | None:
    """The sensor's numbers of bands; None for a Landsat of unknown number.

    Args:
        name: file name; ``LC08_…`` and the like tell a Landsat mission.
        texts: band descriptions; ``SR_B…`` and ``ST_B…`` are Landsat Collection 2.
    """
    mission = _LANDSAT.search(name)
    if mission is not None:
        return LANDSAT_OLI if mission[1] in "89" else LANDSAT_TM
    found = [_NUMBERED.fullmatch(_plain(text)) for text in texts]
    landsat = {f"{one[1]}{one[2]}" for one in found if one is not None and one[1]}
    if not landsat:
        return SENTINEL2
    if landsat & {"sr6", "st10"}:  # TM and ETM+ have no surface reflectance of band 6
        return LANDSAT_OLI
    return LANDSAT_TM if "st6" in landsat else None


def band_name(text: str, numbers: Mapping[str, str] = SENTINEL2) -> str:
    """The project's name of a band: B02 is blue, NearInfrared is nir, SWIR 1 is swir1.

    Any other text stays, in lower case with ``_`` for what is neither letter nor digit.

    Args:
        text: as a person or a file writes it.
        numbers: what B1, B2 … mean.
    """
    plain = _plain(text)
    numbered = _NUMBERED.fullmatch(plain)
    if numbered is not None:
        return numbers.get(numbered[2], plain)
    return ALIASES.get(plain, plain)


def is_unresolved(name: str) -> bool:
    """True for a number that no numbering has explained, such as sr_b2."""
    return _NUMBERED.fullmatch(name) is not None


def band_in_name(name: str) -> str | None:
    """The band of a file that holds one, such as B04 or SR_B4; None where its name tells none."""
    found = _IN_NAME.findall(name)
    return found[-1] if found else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")
