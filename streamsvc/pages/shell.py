"""Fill the HTML templates. Every value is escaped unless it is `Html` already. Pure besides reading the templates."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"

_HOLE = re.compile(r"\{\{([a-z0-9_.]+)\}\}")


class Html(str):
    """Text that is markup already and goes into a page as it is."""

    __slots__ = ()


def render(template: str, values: Mapping[str, str]) -> Html:
    """Fill each `{{name}}`. A name without a value is a mistake of ours and raises KeyError."""

    def fill(match: re.Match[str]) -> str:
        value = values[match[1]]
        return value if isinstance(value, Html) else escape(value)

    return Html(_HOLE.sub(fill, template))


def script_data(value: object) -> Html:
    """
    JSON for a `<script type="application/json">`.

    Such an element ends at the first `</script`, whatever the JSON says, so that no `<` may stand in it.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Html(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def modules(addresses: Sequence[str]) -> Html:
    """
    Links that fetch all modules of a page at once.

    Without them the browser finds each level of imports only after the level above: one round trip each, and a
    round trip on a 2G line takes a second.
    """
    return Html("".join(f'<link rel="modulepreload" href="{escape(address)}">' for address in addresses))


@cache
def template(name: str) -> str:
    """A template's text, read once."""
    return (TEMPLATES / f"{name}.html").read_text("utf-8")
