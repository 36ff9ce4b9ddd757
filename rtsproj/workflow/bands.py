"""What bands are called, and what the bands of one file hold."""

from dataclasses import dataclass

from rtsproj.domain.bands import BANDS, NUMBERINGS
from rtsproj.domain.places import Place
from rtsproj.imagery.band_statistics import BandStatistics, read_bands


@dataclass(frozen=True, slots=True)
class BandName:
    """A documented name.

    Attributes:
        name: as --bands takes it.
        meaning: what it is, by wavelength.
        numbers: sensor and its number of the band, such as "Sentinel-2 B4".
    """

    name: str
    meaning: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileBands:
    """Bands of a file.

    Attributes:
        names: in file order; None where nothing tells them.
        statistics: of each band.
    """

    names: tuple[str, ...] | None
    statistics: tuple[BandStatistics, ...]


def band_names() -> tuple[BandName, ...]:
    """Every documented name."""
    return tuple(
        BandName(
            name,
            meaning,
            tuple(
                f"{sensor} B{number.upper()}"
                for sensor, numbers in NUMBERINGS.items()
                for number, one in numbers.items()
                if one == name
            ),
        )
        for name, meaning in BANDS.items()
    )


def file_bands(place: Place) -> FileBands:
    """Names and figures of a file's bands; adds nothing to the project.

    Raises:
        UsageError: the file cannot be opened.
    """
    return FileBands(*read_bands(place))
