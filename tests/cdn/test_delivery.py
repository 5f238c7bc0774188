"""What one request for media is answered."""

import gzip
import os
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdn import delivery
from cdn.delivery import answer
from cdn.directory import DirectoryStore
from cdn.errors import (
    AssetWithdrawn,
    BadKey,
    CdnError,
    LinkExpired,
    LinkRefused,
    ObjectMissing,
    StoreUnavailable,
)
from cdn.layout import address, content_type, made, published
from cdn.signing import Signer, new_private_key

ASSET = UUID("aa111111-1111-4111-8111-1111111111aa")
OTHER_ASSET = UUID("33333333-3333-4333-8333-333333333333")
PUBLICATION = UUID("22222222-2222-4222-8222-222222222222")
OTHER_PUBLICATION = UUID("44444444-4444-4444-8444-444444444444")
DIGEST = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SIGNER = Signer(new_private_key())
TOKEN = SIGNER.token(ASSET, PUBLICATION, NOW + timedelta(hours=4))

SEGMENT = made(ASSET, DIGEST, "v360", "0.m4s")
PLAYLIST = published(ASSET, PUBLICATION, "avc.m3u8")
BODY = os.urandom(5000)
TEXT = b"#EXTM3U\n" + b"../x/v360/0.m4s\n" * 100


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = DirectoryStore(tmp_path_factory.mktemp("store"))
    store.put(SEGMENT, BODY, content_type="video/iso.segment")
    store.put(PLAYLIST, TEXT, content_type="application/vnd.apple.mpegurl")
    store.put(published(ASSET, OTHER_PUBLICATION, "avc.m3u8"), TEXT, content_type="application/vnd.apple.mpegurl")
    store.put(made(OTHER_ASSET, DIGEST, "v360", "0.m4s"), b"other", content_type="video/iso.segment")
    store.put(made(ASSET, DIGEST, "stills", "empty.vtt"), b"", content_type="text/vtt")
    store.put(made(ASSET, DIGEST, "v360", "1.m4s", attempt=2), b"again", content_type="video/iso.segment")
    store.put("uploads/11111111-1111-4111-8111-111111111111/000000000000000", b"source", content_type="video/mp4")
    (store.root.parent / "secret.m4s").write_bytes(b"secret")
    return store


def ask(store, path, *, method="GET", withdrawn=(), now=NOW, **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(store, withdrawn, verifier=SIGNER.verifier, path=path, method=method, headers=fields, now=now)


def get(store, key=SEGMENT, **rest):
    return ask(store, address(TOKEN, key), **rest)


def test_a_segment(store):
    found = get(store)

    assert (found.status, found.body) == (200, BODY)
    assert found.headers == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Content-Length, Content-Range, ETag",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": "video/iso.segment",
        "ETag": store.head(SEGMENT).etag,
        "Last-Modified": found.headers["Last-Modified"],
        "Cache-Control": "public, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Length": "5000",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("avc.m3u8", "application/vnd.apple.mpegurl"),
        ("0.m4s", "video/iso.segment"),
        ("init.mp4", "video/mp4"),
        ("poster.jpg", "image/jpeg"),
        ("storyboard.vtt", "text/vtt; charset=utf-8"),
        ("unknown.exe", "application/octet-stream"),
        ("html.html", "application/octet-stream"),
        ("none", "application/octet-stream"),
        ("m3u8", "application/octet-stream"),
    ],
)
def test_the_type_follows_from_the_suffix_alone(name, expected):
    assert content_type(f"media/a.m3u8/{name}") == expected


def test_an_object_of_a_later_attempt(store):
    assert get(store, made(ASSET, DIGEST, "v360", "1.m4s", attempt=2)).body == b"again"


def test_an_empty_object(store):
    found = get(store, made(ASSET, DIGEST, "stills", "empty.vtt"))

    assert (found.status, found.body, found.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("field", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=4990-", 4990, 5000), ("bytes=-7", 4993, 5000)],
)
def test_one_range(store, field, start, end):
    found = get(store, Range=field)

    assert (found.status, found.body) == (206, BODY[start:end])
    assert found.headers["Content-Range"] == f"bytes {start}-{end - 1}/5000"
    assert found.headers["Content-Length"] == str(end - start)


def test_several_ranges_give_the_whole(store):
    found = get(store, Range="bytes=0-1,5-6")

    assert (found.status, found.body) == (200, BODY)
    assert "Content-Range" not in found.headers


def test_a_range_outside(store):
    found = get(store, Range="bytes=5000-")

    assert (found.status, found.body) == (416, b"")
    assert found.headers["Content-Range"] == "bytes */5000"
    assert found.headers["Cache-Control"] == "no-store"


def test_if_range_with_an_old_tag_gives_the_whole(store):
    assert get(store, Range="bytes=0-1", If_Range='"old"').status == 200
    assert get(store, Range="bytes=0-1", If_Range=store.head(SEGMENT).etag).status == 206


def test_not_modified_has_no_body_and_keeps_what_caches_need(store):
    found = get(store, If_None_Match=store.head(SEGMENT).etag)

    assert (found.status, found.body) == (304, b"")
    assert {"ETag", "Cache-Control", "Access-Control-Allow-Origin"} <= found.headers.keys()
    assert "Content-Length" not in found.headers
    assert "Content-Type" not in found.headers


def test_if_match_with_another_tag(store):
    assert get(store, If_Match='"x"').status == 412


def test_head_says_what_get_says_without_the_body(store):
    for headers in ({}, {"Range": "bytes=0-9"}):
        found = get(store, method="HEAD", **headers)
        assert (found.status, found.body) == (200, b"")
        assert found.headers == get(store).headers
    zipped = get(store, PLAYLIST, method="HEAD", Accept_Encoding="gzip")
    assert (zipped.body, zipped.headers) == (b"", get(store, PLAYLIST, Accept_Encoding="gzip").headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND", "get", ""])
def test_other_methods(store, method):
    found = get(store, method=method)

    assert found.status == 405
    assert found.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_preflight_needs_no_token(store):
    found = ask(store, "/media/x/y", method="OPTIONS")

    assert (found.status, found.body) == (204, b"")
    assert found.headers["Access-Control-Allow-Origin"] == "*"
    assert "Range" in found.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in found.headers


def test_a_playlist_is_gzipped_for_whoever_takes_it(store):
    plain, zipped = get(store, PLAYLIST), get(store, PLAYLIST, Accept_Encoding="br, gzip")

    assert plain.body == gzip.decompress(zipped.body) == TEXT
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    assert (plain.headers["Content-Length"], zipped.headers["Content-Length"]) == (
        str(len(plain.body)),
        str(len(zipped.body)),
    )
    assert len(zipped.body) < len(plain.body)
    assert get(store, PLAYLIST, Accept_Encoding="gzip").body == zipped.body


def test_each_form_of_a_playlist_is_revalidated_by_its_own_tag(store):
    plain, zipped = get(store, PLAYLIST), get(store, PLAYLIST, Accept_Encoding="gzip")

    assert get(store, PLAYLIST, If_None_Match=plain.headers["ETag"]).status == 304
    assert get(store, PLAYLIST, If_None_Match=zipped.headers["ETag"]).status == 200
    assert get(store, PLAYLIST, If_None_Match=zipped.headers["ETag"], Accept_Encoding="gzip").status == 304
    assert get(store, PLAYLIST, If_None_Match=plain.headers["ETag"], Accept_Encoding="gzip").status == 200


def test_a_playlist_that_grows_is_asked_about_each_time():
    grown = delivery.playlist(TEXT, etag='"x"', modified_at=None, method="GET", headers={}, cache_control="no-cache")

    assert grown.headers["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in grown.headers


def test_segments_are_never_gzipped(store):
    found = get(store, Accept_Encoding="gzip")

    assert "Content-Encoding" not in found.headers
    assert "Vary" not in found.headers


def test_a_large_object_comes_in_pieces(store):
    body = os.urandom(delivery.WHOLE_BYTES + 1)
    store.put(made(ASSET, DIGEST, "v360", "big.m4s"), body, content_type="video/iso.segment")

    found = get(store, made(ASSET, DIGEST, "v360", "big.m4s"))

    assert not isinstance(found.body, bytes)
    assert found.headers["Content-Length"] == str(len(body))
    assert b"".join(found.body) == body
    assert isinstance(get(store, made(ASSET, DIGEST, "v360", "big.m4s"), Range="bytes=0-9").body, bytes)


def test_of_another_asset(store):
    with pytest.raises(LinkRefused):
        get(store, made(OTHER_ASSET, DIGEST, "v360", "0.m4s"))


def test_a_playlist_of_another_publication(store):
    with pytest.raises(LinkRefused):
        get(store, published(ASSET, OTHER_PUBLICATION, "avc.m3u8"))


def test_a_playlist_under_the_plan(store):
    """Only a publication may name a playlist: otherwise a token of today would open those of tomorrow."""
    with pytest.raises(LinkRefused):
        get(store, made(ASSET, DIGEST, "v360", "avc.m3u8"))


def test_an_expired_link(store):
    with pytest.raises(LinkExpired):
        get(store, now=NOW + timedelta(hours=5))


def test_a_forged_link(store):
    forged = Signer(new_private_key()).token(ASSET, PUBLICATION, NOW + timedelta(hours=4))

    with pytest.raises(LinkRefused):
        ask(store, address(forged, SEGMENT))


def test_a_withdrawn_asset(store):
    with pytest.raises(AssetWithdrawn):
        get(store, withdrawn={ASSET})
    assert get(store, withdrawn={OTHER_ASSET}).status == 200


def test_what_is_not_there(store):
    with pytest.raises(ObjectMissing):
        get(store, made(ASSET, DIGEST, "v360", "9.m4s"))


PREFIX = f"/media/{TOKEN}/{ASSET}"
TRAVERSALS = [
    "/media",
    "/media/",
    "//media/x",
    f"/media/{TOKEN}",
    f"/media/{TOKEN}/",
    PREFIX,
    f"{PREFIX}/",
    f"{PREFIX}/{DIGEST}",
    f"{PREFIX}/{DIGEST}/",
    f"{PREFIX}/{DIGEST}/v360",
    f"{PREFIX}/{DIGEST}/v360/",
    f"{PREFIX}/{DIGEST}/v360/0.m4s/",
    f"{PREFIX}/{DIGEST}/v360//0.m4s",
    f"{PREFIX}//{DIGEST}/v360/0.m4s",
    f"{PREFIX}/{DIGEST}/v360/./0.m4s",
    f"{PREFIX}/{DIGEST}/v360/../v360/0.m4s",
    f"{PREFIX}/{DIGEST}/../../{OTHER_ASSET}/{DIGEST}/v360/0.m4s",
    f"{PREFIX}/../{OTHER_ASSET}/{DIGEST}/v360/0.m4s",
    f"{PREFIX}/../../uploads/{ASSET}/000000000000000",
    f"{PREFIX}/{DIGEST}/../../../../secret.m4s",
    f"{PREFIX}/{DIGEST}/..%2f..%2f..%2fsecret.m4s",
    f"{PREFIX}/{DIGEST}/%2e%2e/%2e%2e/secret.m4s",
    f"{PREFIX}/{DIGEST}/%252e%252e/secret.m4s",
    f"{PREFIX}/{DIGEST}/v360%2f0.m4s",
    f"{PREFIX}/{DIGEST}/v360/0%2em4s",
    f"{PREFIX}/{DIGEST}/v360/0.m4s%00",
    f"{PREFIX}/{DIGEST}/v360/0.m4s\0",
    f"{PREFIX}/{DIGEST}/v360/0.m4s\n",
    f"{PREFIX}/{DIGEST}/v360/0.m4s?x=1",
    f"{PREFIX}/{DIGEST}/v360/0.m4s;x",
    f"{PREFIX}/{DIGEST}/v360\\0.m4s",
    f"{PREFIX}/{DIGEST}/v360/\uff0e\uff0e/0.m4s",
    f"{PREFIX}/{DIGEST}/v360/0.m4s ",
    f"{PREFIX}/{DIGEST.upper()}/v360/0.m4s",
    f"/media/{TOKEN}/{str(ASSET).upper()}/{DIGEST}/v360/0.m4s",
    f"/media/{TOKEN}/{ASSET.hex}/{DIGEST}/v360/0.m4s",
    f"/media/{TOKEN}/{{{ASSET}}}/{DIGEST}/v360/0.m4s",
    f"/media/{'A' * 5000}/{ASSET}/{DIGEST}/v360/0.m4s",
    f"{PREFIX}/{'-' * 36}/v360/0.m4s",
    f"{PREFIX}/{DIGEST}/.incoming/0.m4s",
    f"{PREFIX}/{DIGEST}/a/b/c/d/0.m4s",
    f"/MEDIA/{TOKEN}/{ASSET}/{DIGEST}/v360/0.m4s",
    f"http://host{PREFIX}/{DIGEST}/v360/0.m4s",
    "",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_other_spelling_leads_anywhere(store, path):
    with pytest.raises((BadKey, LinkRefused, ObjectMissing)):
        ask(store, path)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                "..",
                ".",
                "",
                "%2e%2e",
                "%2f",
                "%00",
                "\\",
                DIGEST,
                "v360",
                "0.m4s",
                str(ASSET),
                str(OTHER_ASSET),
                "uploads",
                "secret.m4s",
                str(PUBLICATION),
                str(OTHER_PUBLICATION),
                "avc.m3u8",
                "a2",
                "1.m4s",
                "／",
                "\u2024\u2024",
            ]
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_whatever_is_put_together_only_what_the_token_allows_comes_out(store, parts, escaped):
    path = f"/media/{TOKEN}/" + "/".join(quote(part) if escaped else part for part in parts)
    try:
        found = ask(store, path)
    except CdnError:
        return

    assert path.startswith(f"{PREFIX}/")
    assert found.body in {BODY, TEXT, b"", b"again"}
    assert str(OTHER_PUBLICATION) not in path


@given(st.text(max_size=200))
def test_no_path_breaks_it(text):
    class Nothing:
        def head(self, key):
            raise ObjectMissing(key)

    with pytest.raises(CdnError):
        ask(Nothing(), f"/media/{TOKEN}/{ASSET}/{text}")


def test_a_dead_store_is_told(store):
    class Dead:
        def head(self, key):
            raise StoreUnavailable("dead")

    with pytest.raises(StoreUnavailable):
        get(Dead())
