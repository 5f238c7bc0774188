"""The sample lesson as a plan: slides, and for each the steps in which it builds up while a sentence is said. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from streamsvc.sample.words import LANGUAGES, words


@dataclass(frozen=True, slots=True)
class Root:
    """A square root of what is inside."""

    inside: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """A fraction."""

    above: tuple["Part", ...]
    below: str


Part = str | Root | Ratio


@dataclass(frozen=True, slots=True)
class Bullet:
    text: str
    formula: tuple[Part, ...] = ()
    """Behind the text, on the same line."""


@dataclass(frozen=True, slots=True)
class Formula:
    parts: tuple[Part, ...]
    framed: bool = False
    """The slide's main formula, large and on a coloured ground."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A parabola with roots at 2 and 3, drawn in three steps beside the bullets."""

    layer: Literal["axes", "curve", "zeros"]


Item = Bullet | Formula | Plot


@dataclass(frozen=True, slots=True)
class Step:
    """While `say` is spoken, `shows` appear; the pointer goes to the last of them."""

    say: str
    shows: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Slide:
    title: str
    steps: tuple[Step, ...]
    subtitle: str = ""
    cover: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    title: str
    course: str
    slides: tuple[Slide, ...] = field(default=())


EXERCISES = ((2, 5), (1, 6), (3, 4), (2, 7), (1, 9), (4, 5), (3, 8), (2, 9), (5, 6), (1, 4))


def lesson(language: str, exercises: int = 0) -> Script:
    """The whole lesson, with some more worked examples before its end."""
    text = words(language)
    slides = (
        _cover(language),
        _definition(text),
        _discriminant(text),
        _roots(text),
        _example(text, f"{text['example']}", (2, 3)),
        _graph(text),
        *(
            _example(text, f"{text['example']} {number + 2}", EXERCISES[number % len(EXERCISES)])
            for number in range(exercises)
        ),
        _summary(text),
    )
    return Script(text["title"], text["course"], slides)


def sentences(script: Script) -> list[str]:
    """In the order of speaking, one for each step."""
    return [step.say for _, step in steps(script)]


def steps(script: Script) -> Iterator[tuple[int, Step]]:
    """Every step with its slide's index."""
    for index, slide in enumerate(script.slides):
        for step in slide.steps:
            yield index, step


def _cover(language: str) -> Slide:
    text = words(language)
    others = " · ".join(words(other)["title"] for other in LANGUAGES if other != language)
    return Slide(
        text["title"],
        (
            Step(text["say_title"]),
            Step(text["say_definition"], (Bullet(text["definition"]), Bullet(text["discriminant"]))),
            Step(text["say_graph"], (Bullet(text["roots"]), Bullet(text["graph"]))),
        ),
        subtitle=others,
        cover=True,
    )


def _definition(text: dict[str, str]) -> Slide:
    return Slide(
        text["definition"],
        (
            Step(text["say_general"], (Formula(("ax² + bx + c = 0",), framed=True),)),
            Step(text["say_coefficients"], (Bullet(text["coefficients"]),)),
            Step(text["say_unknown"], (Bullet(text["unknown"]),)),
        ),
    )


def _discriminant(text: dict[str, str]) -> Slide:
    return Slide(
        text["discriminant"],
        (
            Step(text["say_formula_d"], (Formula(("D = b² − 4ac",), framed=True),)),
            Step(text["say_two_roots"], (Bullet(text["two_roots"]),)),
            Step(text["say_one_root"], (Bullet(text["one_root"]),)),
            Step(text["say_no_root"], (Bullet(text["no_root"]),)),
        ),
    )


def _roots(text: dict[str, str]) -> Slide:
    formula = ("x₁,₂ = ", Ratio(("−b ± ", Root("D")), "2a"))
    return Slide(
        text["roots"],
        (Step(text["say_roots"], (Formula(formula, framed=True), Bullet(text["positive"]))),),
    )


def _example(text: dict[str, str], title: str, roots: tuple[int, int]) -> Slide:
    """x² − (x₁ + x₂)x + x₁x₂ = 0, solved line by line."""
    low, high = roots
    p, q, root = low + high, low * high, high - low
    numbers = {"p": p, "q": q, "pp": p * p, "qqqq": 4 * q, "d": root * root, "r": root, "x1": high, "x2": low}
    spoken = {key: text[key].format(**numbers) for key in text if key.startswith(("say_example", "say_answer"))}
    middle = "x" if p == 1 else f"{p}x"
    return Slide(
        title,
        (
            Step(spoken["say_example"], (Formula((f"x² − {middle} + {q} = 0",), framed=True),)),
            Step(spoken["say_example_d"], (Formula((f"D = {p}² − 4 · {q} = {p * p} − {4 * q} = {root * root}",)),)),
            Step(spoken["say_example_root"], (Formula((Root("D"), f" = {root}")),)),
            Step(
                spoken["say_answer"],
                (
                    Formula(
                        (
                            "x₁ = ",
                            Ratio((f"{p} + {root}",), "2"),
                            f" = {high},    x₂ = ",
                            Ratio((f"{p} − {root}",), "2"),
                            f" = {low}",
                        )
                    ),
                ),
            ),
        ),
    )


def _graph(text: dict[str, str]) -> Slide:
    return Slide(
        text["graph"],
        (
            Step(text["say_axes"], (Bullet("", ("y = x² − 5x + 6",)), Plot("axes"))),
            Step(text["say_parabola"], (Bullet(text["parabola"]), Plot("curve"))),
            Step(text["say_zeros"], (Bullet("", ("x₁ = 2,  x₂ = 3",)), Plot("zeros"))),
        ),
    )


def _summary(text: dict[str, str]) -> Slide:
    return Slide(
        text["summary"],
        (
            Step(text["say_first"], (Bullet(text["first"]),)),
            Step(text["say_second"], (Bullet(text["second"]),)),
            Step(text["say_homework"], (Bullet(text["homework"], ("x² − 7x + 10 = 0",)),)),
        ),
    )
