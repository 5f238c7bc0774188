"""The one Celery task: a wake-up without arguments. What is to be done stands in the database."""

from collections.abc import Callable

from celery import Celery

from transcoder.pipeline import work_once
from transcoder.process import finish_before_ending
from transcoder.settling import WAKE_UP
from transcoder.station import Station


def register(app: Celery, station: Callable[[], Station], ask_to_stop: Callable[[], None]) -> None:
    """
    Teach the application its task.

    There is no retry policy here: how a piece of work ends, and when it is tried again, is settled in its row.
    """

    def work() -> None:
        with finish_before_ending(ask_to_stop):
            work_once(station())

    app.task(name=WAKE_UP, ignore_result=True)(work)
