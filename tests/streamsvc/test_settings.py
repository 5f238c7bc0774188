"""Settings come from one mapping, and a mistake in it is told by name."""

from pathlib import Path

import pytest

from streamsvc.errors import BadSetting
from streamsvc.settings import settings_from
from transcoder.policy import DEFAULT_POLICY, Policy


def test_nothing_set_means_everything_below_var():
    settings = settings_from({"SABAQ_VAR": "/srv/sabaq"})

    assert settings.database_url == "sqlite:////srv/sabaq/sabaq.db"
    assert settings.storage_url == "file:///srv/sabaq/store"
    assert settings.broker_url == "filesystem:///srv/sabaq/broker"
    assert settings.secrets == Path("/srv/sabaq/secrets")
    assert settings.uploads.spool == Path("/srv/sabaq/spool")
    assert settings.transcoder.workspace == Path("/srv/sabaq/work")
    assert (settings.public_url, settings.demo) == ("http://127.0.0.1:8080", False)


def test_var_is_absolute_wherever_we_stand():
    assert settings_from({}).var == Path("var").absolute()


@pytest.mark.parametrize(
    ("values", "public_url"),
    [
        ({"SABAQ_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"SABAQ_HOST": "::1"}, "http://[::1]:8080"),
        ({"SABAQ_PUBLIC_URL": "https://sabaq.example.kz/"}, "https://sabaq.example.kz"),
    ],
)
def test_the_public_address_follows(values, public_url):
    assert settings_from(values).public_url == public_url


def test_an_empty_value_is_no_value():
    assert settings_from({"SABAQ_PORT": ""}).port == 8080


def test_other_names_are_not_ours():
    assert settings_from({"PATH": "/bin", "OTHER_PORT": "1"}).port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SABAQ_PRT", "9000"),
        ("SABAQ_PORT", "x"),
        ("SABAQ_PORT", "70000"),
        ("SABAQ_PORT", "-1"),
        ("SABAQ_PORT", "nan"),
        ("SABAQ_PORT", "inf"),
        ("SABAQ_LEASE_S", "soon"),
        ("SABAQ_LEASE_S", "nan"),
        ("SABAQ_LEASE_S", "0"),
        ("SABAQ_UPLOAD_MAX_BYTES", "-1"),
        ("SABAQ_PUBLIC_URL", "sabaq.example.kz"),
        ("SABAQ_PUBLIC_URL", "ftp://sabaq.example.kz"),
        ("SABAQ_PUBLIC_URL", "https://sabaq.example.kz/path"),
    ],
)
def test_a_mistake_is_told_by_name(name, value):
    with pytest.raises(BadSetting) as refused:
        settings_from({name: value})

    assert refused.value.params["name"] == name


def test_a_demo_is_for_this_machine_only():
    assert settings_from({"SABAQ_DEMO": "1"}).demo
    with pytest.raises(BadSetting):
        settings_from({"SABAQ_DEMO": "1", "SABAQ_HOST": "192.168.0.10"})


def test_without_a_ladder_the_policy_that_ships_holds():
    assert settings_from({}).transcoder.policy == DEFAULT_POLICY


def test_a_named_ladder_is_the_policy(tmp_path):
    path = tmp_path / "ladder.toml"
    path.write_text('cpu = "small"\n')

    assert settings_from({"SABAQ_LADDER": str(path)}).transcoder.policy == Policy(cpu="small")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"\xff", "no UTF-8"),
        (b'cpu = "fats"\n', "line 1, cpu, no_such_value; sabaq ladder check"),
    ],
)
def test_a_bad_ladder_stops_the_start_and_says_why(tmp_path, content, told):
    path = tmp_path / "ladder.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BadSetting) as refused:
        settings_from({"SABAQ_LADDER": str(path)})

    assert refused.value.params["name"] == "SABAQ_LADDER"
    assert told in refused.value.params["reason"]
    assert str(path) in refused.value.params["reason"]
