"""What a scene tells of itself, and every input that is refused with its reason."""

import errno
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import Affine

from rtsproj.domain.scenes import Role
from rtsproj.errors import UsageError
from rtsproj.imagery import probe
from rtsproj.imagery.names import date_of, guess_bands, sensor_of, udm2_beside
from rtsproj.imagery.probe import ProbeChoice, look_at, read_scene, state_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
UP = Affine(3.0, 0, 500_000, 0, -3.0, 3_850_000)
NAME = "20190715_042310_1032_3B_AnalyticMS_SR.tif"


def tif(path: Path, **given) -> Path:
    profile = {
        "driver": "GTiff",
        "width": 64,
        "height": 64,
        "count": 4,
        "dtype": "uint16",
        "crs": "EPSG:32646",
        "transform": UP,
        "compress": "deflate",
        **given,
    }
    with rasterio.open(path, "w", **profile) as sink:
        if not profile.get("sparse_ok"):
            rng = np.random.default_rng(1)
            shape = (profile["count"], profile["height"], profile["width"])
            sink.write(rng.integers(1, 99, size=shape).astype(profile["dtype"]))
    return path


def refused(path: Path, match: str, **choice) -> str:
    with pytest.raises(UsageError, match=match) as caught:
        read_scene(path, Role.MAP, ProbeChoice(**choice))
    assert caught.value.hint
    assert str(path) in caught.value.what or path.name in caught.value.what
    return caught.value.hint


NAMES = [
    (NAME, date(2019, 7, 15), "PlanetScope", ("blue", "green", "red", "nir")),
    ("S2A_MSIL2A_20210821T210019_T08WMA.tif", date(2021, 8, 21), "Sentinel-2", None),
    ("m_4709963_se_14_1_20090818.tif", date(2009, 8, 18), "NAIP", None),
    ("scene-2018-07-04.tif", date(2018, 7, 4), None, None),
    ("tile_99991399.tif", None, None, None),
]


@pytest.mark.parametrize(("name", "day", "sensor", "bands"), NAMES)
def test_names_of_the_usual_providers(name, day, sensor, bands) -> None:
    assert date_of(name, {}) == day
    assert sensor_of(name) == sensor
    if bands:
        assert guess_bands(name, (None,) * 4, ("gray", *("undefined",) * 3)) == bands


def test_bands_by_description_colour_and_count() -> None:
    grey = ("gray", "undefined", "undefined", "undefined")
    assert guess_bands("x.tif", ("B2", "B03", "B4", "B8"), grey) == ("blue", "green", "red", "nir")
    rgba = ("red", "green", "blue", "alpha")
    assert guess_bands("x.tif", (None,) * 4, rgba) == ("red", "green", "blue", "alpha")
    assert guess_bands("x.tif", (None,) * 4, grey) == ("red", "green", "blue", "nir")
    assert guess_bands("x.tif", (None,) * 7, ("undefined",) * 7) is None


def test_given_band_names_mean_the_same_as_descriptions(tmp_path: Path) -> None:
    path = tif(tmp_path / NAME)
    named = ProbeChoice(bands=("B02", "B03", "B04", "Near-Infrared 8a"))
    assert read_scene(path, Role.MAP, named).spec.bands == (
        "blue",
        "green",
        "red",
        "near_infrared_8a",
    )


def test_a_scene_that_shows_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    tif(path)
    with rasterio.open(path, "r+") as dataset:
        dataset.nodata = 0
        dataset.write(np.zeros((dataset.count, dataset.height, dataset.width), np.uint16))
    assert "nodata value" in refused(path, "shows nothing: no pixel is clear")


def test_a_planet_scene_with_its_mask(tmp_path: Path) -> None:
    path = tif(tmp_path / NAME)
    mask = tmp_path / "20190715_042310_1032_3B_udm2.tif"
    tif(mask, count=8, dtype="uint8")
    assert udm2_beside(path) == mask
    found = read_scene(path, Role.MAP, ProbeChoice())
    assert found.spec.mask_path == str(mask)
    assert (found.crs, found.gsd_m, found.width) == ("EPSG:32646", 3.0, 64)
    assert found.spec.acquired == date(2019, 7, 15)


def test_the_fingerprint_notices_a_changed_byte(tmp_path: Path) -> None:
    path = tif(tmp_path / NAME)
    before = look_at(path).fingerprint
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert look_at(path).fingerprint != before


def test_bad_georeference_is_refused(tmp_path: Path) -> None:
    assert "--assume-crs" in refused(tif(tmp_path / NAME, crs=None), "has no CRS")
    turned = UP @ Affine.rotation(15)
    refused(tif(tmp_path / NAME, transform=turned), "is rotated -?15.0 deg")
    south = Affine(3.0, 0, 500_000, 0, 3.0, 3_850_000)
    refused(tif(tmp_path / NAME, transform=south), "south-up")
    png = tmp_path / "20190715.png"
    Image.new("RGB", (32, 32)).save(png)
    refused(png, "not georeferenced")
    found = read_scene(
        tif(tmp_path / NAME, crs=None), Role.MAP, ProbeChoice(assume_crs="EPSG:32646")
    )
    assert found.crs == "EPSG:32646"


def test_broken_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    refused(path, "does not exist")
    path.write_bytes(b"")
    refused(path, "is empty")
    path.write_text("hello")
    refused(path, "cannot be read")
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    assert "Git LFS" in refused(path, "cannot be read")
    whole = tif(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, "truncated|cannot be read")
    refused(tmp_path, "not a regular file")
    refused(tif(tmp_path / "20190715.img"), "suffix '.img'")


def test_bombs_types_and_missing_facts_are_refused(tmp_path: Path) -> None:
    big = {"width": 40_000, "height": 40_000, "sparse_ok": True}
    bomb = tif(tmp_path / NAME, tiled=True, **big)
    refused(bomb, "declares 12.8 GB in")
    refused(bomb, "limit 1,000,000", max_pixels=1_000_000)
    refused(tif(tmp_path / NAME, dtype="float64"), "float64 pixels")
    assert "--bands" in refused(tif(tmp_path / NAME, count=7), "meaning of its 7 bands")
    refused(tif(tmp_path / NAME), "has 4 bands, 2 names", bands=("a", "b"))
    assert "--date" in refused(tif(tmp_path / "undated.tif"), "no date in its name")


def test_a_network_disk_that_lost_its_server_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = read_scene(tif(tmp_path / NAME), Role.MAP, ProbeChoice()).spec
    assert state_of(spec).state == "ok"

    def stale(_path: Path) -> str:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(probe, "_digest", stale)
    found = state_of(spec)
    assert found.state == "not read"
    assert "Stale file handle" in found.why


HOSTILE = [
    (
        '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1" '
        'subClass="VRTRawRasterBand"><SourceFilename>/etc/passwd</SourceFilename>'
        "</VRTRasterBand></VRTDataset>"
    ),
    '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_files_that_lead_elsewhere_are_not_opened(tmp_path: Path, text: str) -> None:
    path = tmp_path / NAME
    path.write_text(text)
    refused(path, "cannot be read as GTiff")


@pytest.mark.parametrize(
    "text", ["/vsicurl/http://127.0.0.1:9/x.tif", "s3://b/k.tif", "GTIFF_DIR:1:x.tif"]
)
def test_paths_that_are_no_files_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a plain file path"):
        read_scene(Path(text), Role.MAP, ProbeChoice())


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data in {DATA}")
def test_real_images_are_read() -> None:
    ponds = sorted((DATA / "ponds" / "images").glob("*.tif"))
    years = [read_scene(path, Role.MAP, ProbeChoice()).spec.year for path in ponds]
    assert years == [2009, 2012, 2017, 2019]
    peel = next((DATA / "rts_peel" / "images").glob("Peel_S2*.tif"))
    bands = ("blue", "green", "red", "b5", "b6", "b7", "nir")
    found = read_scene(peel, Role.MAP, ProbeChoice(bands=bands))
    assert (found.crs, found.gsd_m, found.sensor) == ("EPSG:32608", 10.0, "Sentinel-2")


@pytest.mark.parametrize("bands", [1, 4])
def test_one_clear_pixel_of_a_large_scene_is_seen(tmp_path: Path, bands: int) -> None:
    path = tif(tmp_path / NAME, width=1400, height=1300, count=bands, nodata=0, sparse_ok=True)
    names = ("blue", "green", "red", "nir")[:bands]
    refused(path, "no pixel is clear", bands=names)
    # the last band alone has a value at a place that a decimated read passes over
    with rasterio.open(path, "r+") as sink:
        sink.write(np.full((1, 1), 9, np.uint16), bands, window=((1031, 1032), (1033, 1034)))
    assert 0 < read_scene(path, Role.MAP, ProbeChoice(bands=names)).spec.clear_share < 1e-6


def named(path: Path, *descriptions: str) -> Path:
    tif(path, count=len(descriptions))
    with rasterio.open(path, "r+") as dataset:
        for number, text in enumerate(descriptions, start=1):
            dataset.set_band_description(number, text)
    return path


def test_bands_of_sentinel_2_and_landsat_by_description_and_name(tmp_path: Path) -> None:
    def bands(path: Path) -> tuple[str, ...]:
        return read_scene(path, Role.MAP, ProbeChoice()).spec.bands

    s2 = named(tmp_path / "S2A_20210821.tif", "B01", "B2", "B05", "B8", "B8A", "B11", "B12")
    assert bands(s2) == ("coastal", "blue", "rededge1", "nir", "nir_narrow", "swir1", "swir2")
    l8 = named(tmp_path / "LC08_20210721.tif", "SR_B2", "SR_B5", "SR_B6", "ST_B10")
    assert bands(l8) == ("blue", "nir", "swir1", "thermal")
    l5 = named(tmp_path / "LT05_19950721.tif", "SR_B1", "SR_B4", "SR_B5", "ST_B6")
    assert bands(l5) == ("blue", "nir", "swir1", "thermal")
    one = tif(tmp_path / "LE07_L2SP_20020721_SR_B7.TIF", count=1)
    assert bands(one) == ("swir2",)
    unknown = named(tmp_path / "x_20020721.tif", "SR_B3", "SR_B4")
    assert "band 1 (SR_B3): min" in unknown_text(unknown)


def unknown_text(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_scene(path, Role.MAP, ProbeChoice())
    return caught.value.what


def test_given_numbers_are_those_of_the_sensor(tmp_path: Path) -> None:
    path = tif(tmp_path / "LC08_20210721.tif", count=2)
    found = read_scene(path, Role.MAP, ProbeChoice(bands=("B4", "B5")))
    assert found.spec.bands == ("red", "nir")


def test_bands_of_unknown_meaning_are_shown_with_their_figures(tmp_path: Path) -> None:
    path = tif(tmp_path / "x_20210721.tif", count=7, nodata=0)
    with rasterio.open(path, "r+") as dataset:
        half = np.full((64, 64), 500, np.uint16)
        half[:32] = 0
        dataset.write(half, 3)
        dataset.write(np.zeros_like(half), 4)
    text = unknown_text(path)
    assert "band 3: min 500, mean 500, max 500, valid 50.0 %" in text
    assert "band 4: valid 0.0 %" in text
    assert len(text.splitlines()) == 8
    hint = refused(path, "the meaning of its 7 bands is not known")
    assert "rededge1" in hint
    assert "thermal" in hint
