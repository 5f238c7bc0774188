"""The protocol's decisions over header fields that strangers send."""

import base64
import hashlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamsvc.errors import BadRequest
from streamsvc.uploads import tus
from streamsvc.uploads.errors import TusVersionRefused

BASE = "/api/v1/uploads"
ONE, TWO = UUID(int=1), UUID(int=2)

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1, max_size=20)
values = st.dictionaries(keys, st.binary(max_size=100), max_size=8)
anything = st.text(max_size=200)


def written(metadata: dict[str, bytes]) -> str:
    return ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in metadata.items())


@PATIENT
@given(values)
def test_what_was_written_is_read(metadata: dict[str, bytes]):
    assert tus.metadata(written(metadata)) == metadata


@PATIENT
@given(anything)
def test_any_metadata_are_understood_or_refused(field: str):
    """
    Whatever is accepted may be sent back in a header field.
    """
    try:
        tus.metadata(field)
    except BadRequest:
        return
    assert all(" " <= letter <= "~" for letter in field)


@pytest.mark.parametrize("field", [None, ""])
def test_metadata_may_be_absent(field: str | None):
    assert tus.metadata(field) == {}


def test_value_may_be_empty_with_or_without_its_space():
    assert tus.metadata("a,b ,c YQ==") == {"a": b"", "b": b"", "c": b"a"}


@pytest.mark.parametrize("field", ["a YQ==,a Yg==", ",", "a YQ==,", "a YQ", "a Y Q==", "a\r\nb: c", "é YQ=="])
def test_malformed_metadata_are_refused(field: str):
    with pytest.raises(BadRequest):
        tus.metadata(field)


def test_metadata_beyond_their_length_are_refused():
    with pytest.raises(BadRequest):
        tus.metadata("a " + "QUFB" * (tus.LONGEST_METADATA // 4))


@PATIENT
@given(st.lists(st.uuids(), min_size=1, max_size=20, unique=True), st.sampled_from(["", "https://other.example:1"]))
def test_final_names_partials_by_path_or_by_url(partials: list[UUID], host: str):
    field = "final;" + " ".join(f"{host}{BASE}/{partial}" for partial in partials)

    assert tus.concatenation(field, base_path=BASE) == tus.Final(tuple(partials))


@PATIENT
@given(anything.map(lambda text: f"final;{text}"))
def test_any_final_is_understood_or_refused(field: str):
    try:
        found = tus.concatenation(field, base_path=BASE)
    except BadRequest:
        return
    assert isinstance(found, tus.Final)


def test_partial_and_nothing():
    assert tus.concatenation("partial", base_path=BASE) == tus.Partial()
    assert tus.concatenation(None, base_path=BASE) is None


@pytest.mark.parametrize(
    "field",
    [
        "",
        "Partial",
        "final",
        "final;",
        f"final {BASE}/{ONE}",
        f"final;{BASE}/{ONE} {BASE}/{ONE}",
        f"final;{BASE}/{ONE},{BASE}/{TWO}",
        f"final;/elsewhere/{ONE}",
        f"final;{BASE}/../uploads/{ONE}",
        f"final;{BASE}/{ONE.hex}",
        f"final;{ONE}",
        "final;http://[",
        f"final;http://é{BASE}/{ONE}",
        f"final;{BASE}/{ONE}\t{BASE}/{TWO}",
        f"final;\udce9{BASE}/{ONE}",
        "final;" + " ".join(f"{BASE}/{UUID(int=number)}" for number in range(tus.MOST_PARTIALS + 1)),
    ],
)
def test_malformed_concatenation_is_refused(field: str):
    with pytest.raises(BadRequest):
        tus.concatenation(field, base_path=BASE)


@pytest.mark.parametrize(("field", "number"), [("0", 0), ("007", 7), ("9999999999999999", 9999999999999999)])
def test_numbers(field: str, number: int):
    assert tus.number(field, name="Upload-Length") == number


@pytest.mark.parametrize("field", [None, "", " 1", "1 ", "-1", "+1", "1.0", "1_000", "0x1", "٣", "1" * 17])
def test_what_is_no_number_is_refused(field: str | None):
    with pytest.raises(BadRequest):
        tus.number(field, name="Upload-Length")


@PATIENT
@given(st.sampled_from(["sha1", "sha256"]), st.binary())
def test_checksum_knows_its_bytes(algorithm: str, body: bytes):
    hashed = hashlib.new(algorithm, body)
    found = tus.checksum(f"{algorithm} {base64.b64encode(hashed.digest()).decode()}")

    assert found is not None
    assert found.matches(hashed)
    assert not found.matches(hashlib.new(algorithm, body + b"x"))


@pytest.mark.parametrize("field", ["", "md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 ", "sha1 *", "SHA1 YWJj"])
def test_unknown_or_malformed_checksum_is_refused(field: str):
    with pytest.raises(BadRequest):
        tus.checksum(field)


@pytest.mark.parametrize("field", [None, "", "1.0", "0.2.2", "1.0.0, 0.2.2"])
def test_other_versions_are_refused(field: str | None):
    with pytest.raises(TusVersionRefused):
        tus.check_version(field)


@pytest.mark.parametrize("meant", ["PATCH", "DELETE", "HEAD", "delete"])
def test_post_may_mean_something_else(meant: str):
    assert tus.method("POST", meant) == meant.upper()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PATCH", "DELETE"])
def test_nothing_else_may(method: str):
    assert tus.method(method, None) == tus.method(method, method) == method
    with pytest.raises(BadRequest):
        tus.method(method, "DELETE" if method != "DELETE" else "PATCH")


@pytest.mark.parametrize("meant", ["PUT", "TRACE", "OPTIONS", "GET", "PATCH, DELETE", ""])
def test_post_means_nothing_strange(meant: str):
    with pytest.raises(BadRequest):
        tus.method("POST", meant)


def test_date_is_that_of_http():
    assert tus.http_date(datetime(2026, 12, 1, 7, 53, 58, 999, tzinfo=UTC)) == "Tue, 01 Dec 2026 07:53:58 GMT"
