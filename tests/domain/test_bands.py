"""Bands of Sentinel-2 and Landsat have one name each, whatever a file calls them."""

import pytest

from rtsproj.domain.bands import (
    ALIASES,
    BANDS,
    LANDSAT_OLI,
    LANDSAT_TM,
    NUMBERINGS,
    SENTINEL2,
    band_in_name,
    band_name,
    is_unresolved,
    numbering_of,
)


def test_every_name_that_is_given_out_is_documented() -> None:
    for numbers in NUMBERINGS.values():
        assert set(numbers.values()) <= set(BANDS)
    assert set(ALIASES.values()) <= set(BANDS)
    assert all(band_name(name) == name for name in BANDS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("B01", "coastal"),
        ("b8A", "nir_narrow"),
        ("B11", "swir1"),
        ("SWIR 2", "swir2"),
        ("Red Edge 1", "rededge1"),
        ("Coastal aerosol", "coastal"),
        ("NearInfrared", "nir"),
        ("Thermal Infrared", "thermal"),
        ("Band 4", "red"),
        ("NDVI (mean)", "ndvi_mean"),
    ],
)
def test_texts(text: str, name: str) -> None:
    assert band_name(text) == name


@pytest.mark.parametrize(
    ("name", "texts", "numbers"),
    [
        ("T08WMA_20210821T210019.tif", ("B02",), SENTINEL2),
        ("LC08_L2SP_139232_20210721_02_T1.tif", ("SR_B4",), LANDSAT_OLI),
        ("LC09_L2SP_139232_20220721.tif", ("B4",), LANDSAT_OLI),
        ("LE07_L2SP_139232_20020721.tif", ("B4",), LANDSAT_TM),
        ("LT05_L2SP_139232_19950721.tif", ("SR_B4",), LANDSAT_TM),
        ("Peel_L8_20210721.tif", ("B4",), LANDSAT_OLI),
        ("landsat5-1995-07-21.tif", ("B4",), LANDSAT_TM),
        ("x.tif", ("SR_B4", "SR_B6"), LANDSAT_OLI),
        ("x.tif", ("SR_B4", "ST_B10"), LANDSAT_OLI),
        ("x.tif", ("SR_B4", "ST_B6"), LANDSAT_TM),
        ("x.tif", ("SR_B3", "SR_B4"), None),
    ],
)
def test_the_sensor_decides_what_a_number_means(name, texts, numbers) -> None:
    assert numbering_of(name, texts) is numbers


def test_a_number_without_its_sensor_is_not_resolved() -> None:
    assert is_unresolved(band_name("SR_B4", {}))
    assert not is_unresolved(band_name("SR_B4", LANDSAT_TM))
    assert band_name("B13") == "b13"


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("T08WMA_20210821T210019_B04_10m.tif", "B04"),
        ("LC08_L2SP_139232_20210721_20210729_02_T1_SR_B5.TIF", "SR_B5"),
        ("LC08_L2SP_139232_20210721_20210729_02_T1_ST_B10.TIF", "ST_B10"),
        ("S2B_T08WMA_B8A.tif", "B8A"),
        ("20190715_042310_1032_3B_AnalyticMS_SR.tif", None),
        ("dem30m.tif", None),
    ],
)
def test_the_band_in_the_name_of_a_file_with_one(name: str, band: str | None) -> None:
    assert band_in_name(name) == band
