"""`sabaq ladder`: mistakes are explained in the terminal's language, and a good file says what it means."""

import ast
import inspect
import json
from pathlib import Path

import pytest

from streamsvc.cli import main
from streamsvc.cli.ladder import said
from streamsvc.texts import LANGUAGES, load_texts
from transcoder import policy_file, policy_values
from transcoder.errors import PolicyFinding
from transcoder.sound import VOICE, sound_peak_kbps

BAD = """\
cpu = "fats"
linse_kbps = [96]

[[targets]]
grades = [13]
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "ladder.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_mistakes_are_explained_with_their_lines_and_exit_2(written, capsys):
    path = written(BAD)

    assert main(["ladder", "check", str(path)], {"LANG": "en_GB.UTF-8"}) == 2
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: mistakes found: 3",
        'line 1, cpu: there is no "fats". There are: fast, balanced, small. Write, for example: "fast"',
        "line 2, linse_kbps: there is no such name. Is it lines_kbps that you mean?",
        "line 5, targets[1].grades: 13 cannot be: from 0 to 12",
    ]


@pytest.mark.parametrize(("lang", "word"), [("kk_KZ", "Бәлкім"), ("ru_RU", "Возможно")])
def test_mistakes_are_explained_in_the_terminals_language(lang, word, written, capsys):
    main(["ladder", "check", str(written(BAD))], {"LANG": lang})

    assert word in capsys.readouterr().out


def test_a_good_file_says_what_it_means(written, capsys):
    path = written('cpu = "small"\nlines_kbps = [64, 96]\n\n[[targets]]\nsubject = "art"\ncpu = "fast"\n')

    assert main(["ladder", "check", str(path)], {}) == 0
    shown = capsys.readouterr().out
    sound_kbps = sound_peak_kbps(VOICE[0])
    share = f"{96 - sound_kbps:.0f} + {sound_kbps:.0f}"
    for words in (f"{path}: all is well", share, "x264 slow, SVT-AV1 5", 'subject art → cpu = "fast"'):
        assert words in shown
    line_64 = next(line for line in shown.splitlines() if "│           64" in line)
    assert "–" in line_64, "H.264 begins at 96"


def test_json_for_programs(written, capsys):
    assert main(["ladder", "check", str(written(BAD)), "--json"], {}) == 2
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 3
    assert main(["ladder", "check", str(written('cpu = "fast"')), "--json"], {}) == 0
    assert json.loads(capsys.readouterr().out)["policy"]["cpu"] == "fast"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_bad_input(content, tmp_path, capsys):
    path = tmp_path / "ladder.toml"
    if content:
        path.write_bytes(content)

    assert main(["ladder", "check", str(path)], {}) == 2
    assert str(path) in capsys.readouterr().out


def test_show_tells_which_policy_is_in_force(written, capsys):
    path = written('families = ["avc"]\n')

    assert main(["ladder", "show"], {}) == 0
    assert "the ladder that ships" in capsys.readouterr().out
    assert main(["ladder", "show"], {"SABAQ_LADDER": str(path)}) == 0
    shown = capsys.readouterr().out
    assert f"in force: {path}" in shown
    assert "AV1:" not in shown


CODES = sorted(
    {
        node.args[first].value
        for module, name, first in ((policy_values, "Refused", 0), (policy_file, "wrong", 1))
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
        if len(node.args) > first and isinstance(node.args[first], ast.Constant)
    }
    | {"no_toml"}
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_mistake_has_its_words(code, language):
    named = ("near", "known", "value", "example", "least", "most", "lowest", "highest", "detail")

    sentence = said(PolicyFinding(1, "cpu", code, dict.fromkeys(named, 1)), load_texts().about("ladder", language))

    assert "{" not in sentence
    assert len(CODES) > 15
