"""The demo from its first step to the address that a person opens."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamsvc.childlogs import tail
from streamsvc.demo import accounts, display, starting
from streamsvc.demo.client import Client
from streamsvc.demo.display import Display
from streamsvc.demo.lesson_file import SAMPLE, LessonFile, named, sample
from streamsvc.demo.state import DemoLesson, DemoState, load, save
from streamsvc.errors import AnswerUnexpected, LessonFileUnusable, PartNotStarted, ServiceUnreachable
from streamsvc.instance import RunState, one_starter, stop
from streamsvc.migrating import migrate
from streamsvc.settings import Settings, settings_from
from streamsvc.uploads.client import upload_file
from transcoder.database import open_sessions

POLL_S = 0.5
CRASHES = 4
"""Short runs of one part in a row, after which nobody should wait any longer."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for."""

    settings: Mapping[str, str]
    """`SABAQ_…` names."""
    environment: Mapping[str, str]
    lesson: Path | None
    attached: bool
    """The system ends with us."""
    language: str


@dataclass(frozen=True, slots=True)
class Demo:
    """A system that serves, with a lesson that plays."""

    run: RunState
    state: DemoState
    lesson_id: str
    started_here: bool

    @property
    def url(self) -> str:
        return f"{self.run.url}/demo/enter?key={self.state.key}&lesson={self.lesson_id}"

    @property
    def api(self) -> str:
        return f"{self.run.url}/api/v1"

    def as_json(self) -> dict[str, Any]:
        """The contract's one object."""
        shown = ("role", "login", "password", "token")
        people = [{name: getattr(account, name) for name in shown} for account in self.state.accounts]
        run = {"url": self.url, "api": self.api}
        return {**run, "accounts": people, "lesson_id": self.lesson_id, "pid": self.run.pid}


def bring_up(wishes: Wishes, shown: Display) -> Demo:
    """
    Return once the lesson plays; a system that runs already is used as it is.

    Raises LessonFileUnusable, PortTaken, PartNotStarted, AnswerUnexpected, ServiceUnreachable; what this call has
    started is stopped then.
    """
    settings = settings_from(wishes.settings)
    wanted = _wanted(wishes, settings, shown)
    with one_starter(settings.var):
        return _bring_up(wishes, settings, wanted, shown)


def _bring_up(wishes: Wishes, settings: Settings, wanted: LessonFile | None, shown: Display) -> Demo:
    run = starting.running(settings.var)
    started_here = run is None
    if run is None:
        starting.check_port(settings.host, settings.port)
    elif urlsplit(run.url).port != settings.port:
        shown.say(f"Sabaq runs already, at {run.url}; for another port stop it first: make demo-stop")
    state = _prepare(settings)
    try:
        if run is None:
            with shown.step("Starting"):
                run = starting.start(
                    wishes.settings,
                    environment=wishes.environment,
                    var=settings.var,
                    attached=wishes.attached,
                    on_state=lambda now: shown.show("Starting", _share_ready(now), _waiting_for(now)),
                )
        client = Client(f"{run.url}/api/v1", state.account("teacher").token, wishes.language)
        lesson_id = _Lessons(settings, client, wishes.language, shown).playable(state, wanted)
        return Demo(run, load(settings.secrets), lesson_id, started_here)
    except BaseException:  # Ctrl-C too: what we began must not go on without us
        if started_here:
            shown.say("Stopping what was started …")
            stop(settings.var)
        raise


def _wanted(wishes: Wishes, settings: Settings, shown: Display) -> LessonFile | None:
    if wishes.lesson is None:
        return None
    with shown.step("Reading the file") as on_progress:
        return named(wishes.lesson, limits=settings.transcoder, on_progress=on_progress)


def _prepare(settings: Settings) -> DemoState:
    """The schema and the people, in the database itself: the service may not run yet."""
    sessions = open_sessions(settings.database_url)
    try:
        migrate(sessions.engine)
        drafted = accounts.drafted(load(settings.secrets))
        save(settings.secrets, drafted)  # first the passwords, then the people: a cut between them loses nobody
        state = accounts.ensure(sessions, drafted, now=datetime.now(UTC))
    finally:
        sessions.engine.dispose()
    save(settings.secrets, state)
    return state


def _share_ready(run: RunState) -> float:
    children = run.children.values()
    return sum(child.state == "ready" for child in children) / max(1, len(children))


def _waiting_for(run: RunState) -> str:
    return ", ".join(name for name, child in run.children.items() if child.state != "ready")


@dataclass(frozen=True, slots=True)
class _Lessons:
    """Gets a lesson to play, over the API like anybody else."""

    settings: Settings
    client: Client
    language: str
    shown: Display

    def playable(self, state: DemoState, wanted: LessonFile | None) -> str:
        """The id of the wanted lesson (else of the last one, else of the sample), once it plays."""
        known = state.lesson_of(wanted.source) if wanted else next(reversed(state.lessons), None)
        if known and self._still_good(known.lesson_id):
            self._remember(load(self.settings.secrets).with_lesson(known))
            return self._wait(known.lesson_id, wanted)
        file = wanted or self._sample()
        lesson_id = self._upload(file)
        self._wait(lesson_id, wanted)
        self._remember(load(self.settings.secrets).with_lesson(DemoLesson(file.source, lesson_id)))
        return lesson_id

    def _sample(self) -> LessonFile:
        with self.shown.step("Making a sample lesson") as on_progress:
            return sample(self.settings.var, language=self.language, on_progress=on_progress)

    def _still_good(self, lesson_id: str) -> bool:
        try:
            lesson = self.client.ask("GET", f"/lessons/{lesson_id}")
        except AnswerUnexpected:
            return False  # deleted by somebody who tried that out
        return bool(lesson["media"]["state"] != "failed")

    def _remember(self, state: DemoState) -> None:
        save(self.settings.secrets, state)

    def _upload(self, file: LessonFile) -> str:
        started_at, first = time.monotonic(), -1

        def show(sent: int, total: int) -> None:
            nonlocal first
            first = sent if first < 0 else first
            per_s = (sent - first) / max(0.001, time.monotonic() - started_at)
            self.shown.show("Uploading", sent / total, display.transfer_note(sent, total, per_s=per_s))

        return upload_file(
            file.path,
            api=self.client.api,
            token=self.client.token,
            title=file.title,
            on_progress=show,
            memory=self.settings.var / "uploads.json",  # goes on where an earlier run was cut off
            language=self.language,
        )

    def _wait(self, lesson_id: str, wanted: LessonFile | None) -> str:
        """Show the encoding until the lesson plays. A failed one is taken away again."""
        while True:
            media = media_of(self.client, lesson_id)
            if media is not None:
                if media["state"] == "failed":
                    self._give_up(lesson_id, media["error"], wanted)
                show_encoding(self.shown, media)
                if media["playable"]:
                    return lesson_id
            self._check_parts()
            time.sleep(POLL_S)

    def _give_up(self, lesson_id: str, error: Mapping[str, str], wanted: LessonFile | None) -> None:
        self.client.ask("DELETE", f"/lessons/{lesson_id}", expected=(200, 202, 204))
        self._remember(load(self.settings.secrets).without_lesson(lesson_id))
        path = wanted.path if wanted else SAMPLE
        raise LessonFileUnusable(f"{path}: {error['code']}", path=path, reason=error["message"].rstrip("."))

    def _check_parts(self) -> None:
        """Nothing will ever play while a part falls over again and again."""
        run = starting.running(self.settings.var)
        crashing = (
            [name for name, child in run.children.items() if child.failures >= CRASHES] if run else ["supervisor"]
        )
        if crashing:
            log = self.settings.var / "log" / f"{crashing[0]}.log"
            raise PartNotStarted(tail(log), name=crashing[0], log=log)


def media_of(client: Client, lesson_id: str) -> Mapping[str, Any] | None:
    """How far the lesson is; None while the service is away, for its supervisor brings it back."""
    try:
        media: Mapping[str, Any] = client.ask("GET", f"/lessons/{lesson_id}")["media"]
    except ServiceUnreachable:
        return None
    return media


def show_encoding(shown: Display, media: Mapping[str, Any]) -> None:
    """One bar for the lesson, one for each rendition."""
    shown.show("Encoding", 1.0 if media["state"] == "ready" else media["progress"], display.encoding_note(media))
    for rendition in media["renditions"]:
        fraction = display.rendition_fraction(rendition, duration_s=media["duration_s"])
        shown.show(f"  {rendition['name']}", fraction, display.rendition_note(rendition))
