"""Put a whole page together: shell, head, texts in the person's language, data for its script. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamsvc.pages.assets import Assets
from streamsvc.pages.shell import Html, modules, render, script_data, template
from streamsvc.texts import LANGUAGES

_SHORT_NAMES = {"kk": "Қаз", "ru": "Рус", "en": "Eng"}
_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True)
class Visitor:
    """The signed-in person, as far as the head of a page shows them."""

    person_id: str
    name: str
    role: str
    teaches: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page for one visitor."""

    name: str
    """Of its template, texts and script."""
    path: str
    title: str
    language: str
    texts: Mapping[str, str]
    visitor: Visitor | None
    values: Mapping[str, str] = field(default_factory=dict)
    """For the template; escaped unless they are `Html`."""
    data: Mapping[str, object] = field(default_factory=dict)
    """For the script; nothing secret, because anybody at this screen can read it."""
    scripts: tuple[str, ...] = ()
    """Vendored scripts that the page's module needs before it runs."""


def html(page: Page, assets: Assets) -> str:
    """The whole document."""
    texts = {f"t.{key}": text for key, text in page.texts.items()}
    module = f"js/{page.name}.js"
    whole = {
        **texts,
        "language": page.language,
        "title": page.title,
        "page": page.name,
        "logo": assets.addresses["logo.svg"],
        "stylesheets": _stylesheets(page, assets),
        "preload": modules(assets.preload(module)),
        "nav": _navigation(page),
        "who": _who(page),
        "languages": Html("".join(_language_button(each, chosen=page.language) for each in LANGUAGES)),
        "body": render(template(page.name), {**texts, **page.values}),
        "data": script_data(_data(page)),
        "scripts": _scripts([assets.addresses[name] for name in page.scripts], assets.addresses[module]),
    }
    return render(template("base"), whole)


def _data(page: Page) -> dict[str, object]:
    visitor = page.visitor
    person = None if visitor is None else {"id": visitor.person_id, "role": visitor.role}
    return {"texts": page.texts, "language": page.language, "person": person, **page.data}


def _stylesheets(page: Page, assets: Assets) -> Html:
    """A pupil's line does not carry the look of what only teachers see."""
    teaches = page.visitor is not None and page.visitor.teaches
    names = ("css/sabaq.css", "css/teaching.css") if teaches else ("css/sabaq.css",)
    link = '<link rel="stylesheet" href="{{href}}">'
    return Html("\n".join(render(link, {"href": assets.addresses[name]}) for name in names))


def _navigation(page: Page) -> Html:
    if page.visitor is None:
        return Html("")
    links = [("/", page.texts["lessons"])]
    if page.visitor.teaches:
        links.append(("/my", page.texts["my_lessons"]))
    return Html("".join(_link(href, text, current=page.path == href) for href, text in links))


def _link(href: str, text: str, *, current: bool) -> Html:
    here = Html(' aria-current="page"' if current else "")
    return render('<a href="{{href}}"{{here}}>{{text}}</a>', {"href": href, "here": here, "text": text})


def _who(page: Page) -> Html:
    if page.visitor is None:
        return Html("")
    roles = {
        "teacher": page.texts["role_teacher"],
        "pupil": page.texts["role_pupil"],
        "curator": page.texts["role_curator"],
        "admin": page.texts["role_admin"],
    }
    return render(
        '<p class="person"><b>{{name}}</b> <span class="hint">{{role}}</span></p>'
        '<button type="button" id="sign-out" class="plain">{{sign_out}}</button>',
        {"name": page.visitor.name, "role": roles[page.visitor.role], "sign_out": page.texts["sign_out"]},
    )


def _language_button(each: str, *, chosen: str) -> Html:
    return render(
        '<button type="button" lang="{{each}}" data-language="{{each}}" aria-pressed="{{pressed}}"'
        ' title="{{name}}" aria-label="{{name}}">{{short}}</button>',
        {
            "each": each,
            "name": _NAMES[each],
            "short": _SHORT_NAMES[each],
            "pressed": "true" if each == chosen else "false",
        },
    )


def _scripts(classic: list[str], module: str) -> Html:
    """A vendored script is deferred, so that it runs before the module, which is deferred by nature."""
    tags = [render('<script src="{{src}}" defer></script>', {"src": src}) for src in classic]
    tags.append(render('<script type="module" src="{{src}}"></script>', {"src": module}))
    return Html("".join(tags))
