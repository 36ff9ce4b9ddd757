"""URLs of images: one spelling each, and nothing that two readers could read in two ways."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.places import ImageUrl, image_url, place_of, url_start
from rtsproj.errors import UsageError

SEGMENT = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://planet-qtec/2019/a.tif", "s3://planet-qtec/2019/a.tif"),
        ("S3://planet-qtec/2019/A b.tif", "s3://planet-qtec/2019/A b.tif"),
        ("HTTPS://Data.Example.ORG:443/a%20b.tif", "https://data.example.org/a%20b.tif"),
        ("http://127.0.0.1:9000/x/a.tif", "http://127.0.0.1:9000/x/a.tif"),
        ("gs://my_bucket/a.tif", "gs://my_bucket/a.tif"),
        ("az://images/a.tif", "az://images/a.tif"),
    ],
)
def test_a_url_has_one_spelling(text: str, expected: str) -> None:
    assert str(place_of(text)) == expected


@pytest.mark.parametrize("text", ["a.tif", "/data/a.tif", "dir/s3:/b", "GTIFF_DIR:1:x.tif", "../x"])
def test_anything_else_is_a_path(text: str) -> None:
    assert place_of(text) == Path(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://host/a/../b.tif",
        "https://host/a/./b.tif",
        "https://host/a//b.tif",
        "https://host/a/%2e%2e/b.tif",
        "https://host/a/%2E./b.tif",
        "https://host/a%2fb.tif",
        "https://host/a%5cb.tif",
        "https://host/a%252e%252e/b.tif",
        "https://host/a%0d%0aX-Evil: 1.tif",
        "https://host/a%zz.tif",
        "https://host/a%2",
        "https://host/a\\b.tif",
        "https://host\\@evil/b.tif",
        "https://host/a\nb.tif",
        "https://host/a\u202eb.tif",
        "https://ho st/a.tif",
        "https://host:port/a.tif",
        "https://höst/a.tif",
        "https:///a.tif",
        "https://host",
        "https://host/",
        "https://host/a/",
        "s3://Bucket/../x.tif",
        "s3://b..c/x.tif",
        "s3://bucket:80/x.tif",
        "ftp://host/a.tif",
        "file:///etc/passwd",
        "zip+http://host/a.zip",
        "vsicurl://host/a.tif",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        place_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://ann:hunter2@host/a.tif",
        "https://ann:hun/hunter2@host/a.tif",
        "s3://AKIA:hunter2@bucket/a.tif",
        "https://host/a.tif?X-Amz-Signature=hunter2",
        "https://host/a.tif#hunter2",
        "https://host/a.tif?u=ann@hunter2",
    ],
)
def test_secrets_in_a_url_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        place_of(text)
    assert "hunter2" not in caught.value.what + caught.value.hint
    assert "ann" not in caught.value.what


@pytest.mark.parametrize(
    ("url", "start", "expected"),
    [
        ("s3://bucket/2019/a.tif", "s3://bucket/2019/", True),
        ("s3://bucket/2019/a.tif", "s3://bucket/2019", True),
        ("s3://bucket/2019/a.tif", "s3://bucket", True),
        ("s3://bucket/2019/a.tif", "s3://bucket/2019/a.tif", True),
        ("s3://bucket/2019-secret/a.tif", "s3://bucket/2019", False),
        ("s3://bucket-other/2019/a.tif", "s3://bucket", False),
        ("s3://bucket/a.tif", "s3://bucket/2019/", False),
        ("https://data.example.org.evil.net/cog/a.tif", "https://data.example.org/cog/", False),
        ("https://data.example.org:8443/cog/a.tif", "https://data.example.org/cog/", False),
        ("https://DATA.example.org/cog/a.tif", "https://data.EXAMPLE.org/cog/", True),
        ("https://data.example.org/COG/a.tif", "https://data.example.org/cog/", False),
        ("http://data.example.org/cog/a.tif", "https://data.example.org/cog/", False),
    ],
)
def test_a_start_is_compared_by_whole_segments(url: str, start: str, expected: bool) -> None:
    assert image_url(url).is_below(url_start(start)) is expected


@given(st.lists(SEGMENT, min_size=1, max_size=5), st.integers(0, 4))
def test_a_url_is_below_each_of_its_own_starts_and_reads_back(parts: list[str], cut: int) -> None:
    url = ImageUrl("s3", "bucket", "/".join(parts))
    assert image_url(str(url)) == url
    assert url.is_below(url_start("/".join(["s3://bucket", *parts[:cut]])))
    assert not url.is_below(url_start(f"s3://bucket/{parts[0]}x"))
    assert str(url).startswith(url.folder)


@pytest.mark.parametrize("text", ["", "s3://", "https://", "*", "https://*", "/vsis3/bucket"])
def test_a_start_names_a_host_or_a_bucket(text: str) -> None:
    with pytest.raises(UsageError):
        url_start(text)
