"""Every text that a page shows exists in all three languages, and nothing else is kept."""

import json
import re
from pathlib import Path

import pytest

import streamsvc
from streamsvc.texts import LANGUAGES

PACKAGE = Path(streamsvc.__file__).parent
TABLES = {path.stem: json.loads(path.read_text("utf-8")) for path in (PACKAGE / "texts_data/pages").glob("*.json")}
PAGES = sorted(set(TABLES) - {"common"})

HOLE = re.compile(r"\{(\w+)\}")
IN_TEMPLATE = re.compile(r"\{\{t\.([a-z0-9_]+)\}\}")
IN_SCRIPT = re.compile(r"""\bt\(\s*"([a-z0-9_]+)\"""")
IN_PYTHON = re.compile(r"""texts(?:\(request, "[a-z-]+"\))?\["([a-z0-9_]+)"\]""")


def scripts_of(page: str) -> str:
    """The page's module and all that it imports, as one text."""
    folder, wanted, found = PACKAGE / "pages/static/js", [f"{page}.js"], {}
    while wanted:
        name = wanted.pop()
        found[name] = (folder / name).read_text("utf-8")
        wanted += [each for each in re.findall(r'"\./([a-z-]+\.js)"', found[name]) if each not in found]
    return "\n".join(found.values())


def used_by(page: str) -> set[str]:
    templates = [(PACKAGE / f"pages/templates/{name}.html").read_text("utf-8") for name in (page, "base")]
    python = [(PACKAGE / name).read_text("utf-8") for name in ("pages/layout.py", "web/handlers/pages.py")]
    in_python = {key for text in python for key in IN_PYTHON.findall(text)}
    shown = {key for text in templates for key in IN_TEMPLATE.findall(text)}
    known = set(TABLES[page]) | set(TABLES["common"])
    return shown | set(IN_SCRIPT.findall(scripts_of(page))) | (in_python & known)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_text_exists_in_every_language(table):
    for key, row in TABLES[table].items():
        assert tuple(row) == LANGUAGES, key
        assert all(text.strip() for text in row.values()), key


@pytest.mark.parametrize("table", sorted(TABLES))
def test_translations_have_the_same_holes(table):
    for key, row in TABLES[table].items():
        assert len({frozenset(HOLE.findall(text)) for text in row.values()}) == 1, key


@pytest.mark.parametrize("page", PAGES)
def test_every_text_a_page_asks_for_exists(page):
    assert used_by(page) - set(TABLES[page]) - set(TABLES["common"]) == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_text_of_a_page_is_used(page):
    assert set(TABLES[page]) - used_by(page) == set()


def test_every_common_text_is_used():
    assert set(TABLES["common"]) - set().union(*(used_by(page) for page in PAGES)) == set()


def test_kazakh_and_russian_are_not_left_in_english():
    """A text is only the same in two languages when it has no word of its own."""
    for table in TABLES.values():
        for key, row in table.items():
            assert row["en"] not in {row["kk"], row["ru"]} or not re.search(r"[A-Za-z]{3}", HOLE.sub("", row["en"])), (
                key
            )
