"""Static files: addresses that never change meaning, nothing from other hosts, few bytes."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import streamsvc.pages
from streamsvc.pages.assets import load_assets

FOLDER = Path(streamsvc.pages.__file__).parent
OWN = sorted([*FOLDER.glob("static/**/*.*"), *FOLDER.glob("templates/*.html")])


def tree(folder: Path) -> Path:
    (folder / "static/js").mkdir(parents=True)
    (folder / "vendor").mkdir()
    (folder / "static/js/a.js").write_text('import {\n  b,\n} from "./b.js";\nimport "./c.js";\n')
    (folder / "static/js/b.js").write_text('import { c } from "./c.js";\n')
    (folder / "static/js/c.js").write_text("export const c = 1;\n")
    (folder / "vendor/x.js").write_text("x")
    return folder


def test_an_address_holds_the_digest_of_its_bytes(tmp_path):
    assets = load_assets(tree(tmp_path))

    assert assets.addresses["vendor/x.js"] == f"/static/{hashlib.sha256(b'x').hexdigest()[:20]}/x.js"
    assert assets.by_address[assets.addresses["vendor/x.js"]].body == b"x"


def test_a_change_of_one_of_our_files_moves_all_of_them_and_no_vendored_one(tmp_path):
    """Modules import each other by relative names, so they move together."""
    before = load_assets(tree(tmp_path / "before"))
    (changed := tree(tmp_path / "after")).joinpath("static/js/c.js").write_text("export const c = 2;\n")
    after = load_assets(changed)

    assert before.addresses["js/a.js"] != after.addresses["js/a.js"]
    assert before.addresses["vendor/x.js"] == after.addresses["vendor/x.js"]


def test_a_page_preloads_every_module_it_will_import(tmp_path):
    assets = load_assets(tree(tmp_path))

    assert assets.preload("js/a.js") == [assets.addresses[f"js/{name}.js"] for name in "cba"]


def test_every_import_of_ours_names_a_module_of_ours():
    assets = load_assets()
    for name, needed in assets.imports.items():
        text = (FOLDER / "static" / name).read_text("utf-8")
        named = {
            f"js/{each}" for each in re.findall(r'from "\./([^"]+)"|import "\./([^"]+)"', text) for each in each if each
        }
        assert named <= set(needed), name


def test_compressed_bytes_are_the_same_bytes():
    for asset in load_assets().by_address.values():
        assert gzip.decompress(asset.gzipped) == asset.body


@pytest.mark.parametrize("path", OWN, ids=[path.name for path in OWN])
def test_nothing_names_another_host(path):
    """A school without a line to the world sees whole pages."""
    text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text) == []


@pytest.mark.parametrize("path", [path for path in OWN if path.suffix == ".html"], ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style(path):
    """The content security policy would refuse it."""
    text = path.read_text("utf-8")

    assert re.findall(r"\son[a-z]+=|\sstyle=|<style", text) == []
    assert re.findall(r"<script(?! type=\"application/json\" id=\"data\">)", text) == []


def test_markup_is_never_built_from_text():
    """`el` and textContent are the only ways in; a title stays a title."""
    for path in FOLDER.glob("static/js/*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()), path


def test_pages_stay_light():
    """Bytes on the line: at 64 kbit/s every 8 kB are a second."""
    assets = load_assets()
    sizes = {name: len(assets.by_address[address].gzipped) for name, address in assets.addresses.items()}
    watching = sum(sizes[name] for name in assets.imports["js/watch.js"]) + sizes["css/sabaq.css"]

    assert len(assets.by_address[assets.addresses["css/sabaq.css"]].body) < 13_000
    assert watching < 27_000
