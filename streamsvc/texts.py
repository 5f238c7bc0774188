"""What Sabaq says to people, in Kazakh, Russian and English, kept as data in `texts_data/`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("kk", "ru", "en")
DEFAULT_LANGUAGE = "kk"

Table = Mapping[str, Mapping[str, str]]
"""key → language → text, with `{param}` where a value goes."""


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts, loaded once."""

    errors: Table
    """By error code."""
    pages: Mapping[str, Table]
    """By page, then by key."""
    words: Mapping[str, Table]
    """By matter, then by key: what commands print and what a plan is explained with."""

    def error(self, code: str, language: str, params: Mapping[str, object]) -> str:
        """A sentence that says what happened and what to do; an unknown code gets the general one."""
        row = self.errors.get(code) or self.errors["internal_error"]
        return row[language].format_map(_Lenient(params))

    def page(self, name: str, language: str) -> dict[str, str]:
        """Every text of one page, with those that all pages share."""
        merged = {**self.pages.get("common", {}), **self.pages.get(name, {})}
        return {key: row[language] for key, row in merged.items()}

    def about(self, matter: str, language: str) -> dict[str, str]:
        """All words about one matter: `ladder`, `plan`, `report`."""
        return {key: row[language] for key, row in self.words[matter].items()}


class _Lenient(dict[str, object]):
    """A text with a hole is better than an error about an error."""

    def __missing__(self, key: str) -> str:
        return "…"


def load_texts(folder: Path = Path(__file__).parent / "texts_data") -> Texts:
    """Read `errors/*.json`, `pages/*.json` and `words/*.json`; each file maps key → {"kk", "ru", "en"}."""
    errors: dict[str, Mapping[str, str]] = {}
    for path in sorted((folder / "errors").glob("*.json")):
        errors.update(json.loads(path.read_text("utf-8")))
    return Texts(errors=errors, pages=_tables(folder / "pages"), words=_tables(folder / "words"))


def _tables(folder: Path) -> dict[str, Table]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def choose_language(accept_language: str) -> str:
    """The best of our languages for an Accept-Language field (RFC 9110 section 12.5.4); Kazakh when none fits."""
    best, best_weight = DEFAULT_LANGUAGE, 0.0
    for item in accept_language.split(","):
        tag, _, parameter = item.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best
