"""The player's pure modules, in the browser that runs them."""

import json

import pytest

from streamsvc.pages.assets import load_assets

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional


@pytest.fixture(scope="module")
def page(school, browser):
    """Any page of ours: modules come from the same host."""
    page = browser.new_page(locale="kk-KZ")
    page.goto(f"{school.base_url}/sign-in")
    yield page
    page.close()


@pytest.fixture
def run(page):
    def run_in(module: str, code: str, value: object = None) -> object:
        """The value of `code`, with the module's exports in `m` and `value` in `x`."""
        address = json.dumps(load_assets().addresses[f"js/{module}.js"])
        return page.evaluate(f"async (x) => {{ const m = await import({address}); {code} }}", value)

    return run_in


RECORD = """
const told = [];
const recorder = new m.Recorder({ emit: (event) => told.push(event), now: () => new Date(0) });
const play = (from, to) => { for (let time = from; time <= to; time += 0.25) recorder.tick(time); };
"""


def types(told):
    return [event["type"] for event in told]


@pytest.mark.parametrize(
    ("pieces", "union"),
    [
        ([[0, 4], [6, 8]], [[0, 4], [6, 8]]),
        ([[6, 8], [0, 4]], [[0, 4], [6, 8]]),
        ([[0, 4], [4, 8]], [[0, 8]]),
        ([[0, 4], [2, 3]], [[0, 4]]),
        ([[3, 3], [5, 4]], []),
        ([[0.1234567, 1.00049]], [[0.123, 1]]),
    ],
)
def test_intervals_are_joined(run, pieces, union):
    assert run("intervals", "return x.reduce((list, [from, to]) => m.joined(list, from, to), [])", pieces) == union


def test_a_viewing_is_told_in_order(run):
    told = run("recorder", RECORD + """
        recorder.ready(0, 100);
        recorder.play(0); play(0, 10);
        recorder.seek(10, 50); play(50, 55);
        recorder.pause(55); recorder.terminate();
        return told;
    """)  # fmt: skip

    assert types(told) == ["initialized", "played", "seeked", "paused", "terminated"]
    assert told[2] == {"type": "seeked", "at": "1970-01-01T00:00:00.000Z", "time_s": 50, "from_s": 10, "to_s": 50}
    assert told[3]["played"] == told[4]["played"] == [[0, 10], [50, 55]]
    assert told[4]["time_s"] == 55


def test_nothing_is_told_before_initialized_or_after_terminated(run):
    told = run("recorder", RECORD + """
        recorder.play(0); recorder.seek(0, 5); recorder.pause(5);
        recorder.ready(5, 100); recorder.ready(6, 100);
        recorder.terminate(); recorder.play(5); recorder.seek(5, 9); recorder.end(100); recorder.terminate();
        return told;
    """)  # fmt: skip

    assert types(told) == ["initialized", "terminated"]


def test_a_jump_of_the_clock_was_not_watched(run):
    """A laptop that slept, a seek that nobody told."""
    told = run("recorder", RECORD + "recorder.ready(0, 100); recorder.play(0); play(0, 4); play(60, 62);"
                                    "recorder.pause(62); return told;")  # fmt: skip

    assert told[-1]["played"] == [[0, 4], [60, 62]]


def test_completed_comes_once_when_nearly_all_was_watched(run):
    told = run("recorder", RECORD + """
        recorder.ready(0, 20); recorder.play(0); play(0, 18.75);
        const before = told.length; play(18.75, 19.25); play(19.25, 20); recorder.end(20); recorder.end(20);
        return [before, told];
    """)  # fmt: skip

    assert told[0] == 2
    assert types(told[1]) == ["initialized", "played", "completed", "paused"]


def test_the_end_is_told_although_this_session_saw_little(run):
    """Earlier sessions may have seen the rest; the service adds them up."""
    told = run("recorder", RECORD + "recorder.ready(90, 100); recorder.play(90); play(90, 100); recorder.end(100);"
                                    "return told;")  # fmt: skip

    assert types(told) == ["initialized", "played", "paused", "completed"]


def test_a_players_own_small_step_is_no_seek(run):
    assert types(run("recorder", RECORD + "recorder.ready(0, 9); recorder.seek(1, 1.2); return told;")) == [
        "initialized"
    ]


QUEUE = """
const fresh = m.newQueue({ session: "s", person: "p", lesson: "l", address: "/a", seen: 1 });
const event = (type, more = {}) => ({ type, at: "1970-01-01T00:00:00.000Z", time_s: 0, ...more });
const filled = (count, more) =>
    Array.from({ length: count }).reduce((queue) => m.added(queue, event("paused", more)), fresh);
"""


def test_sequences_count_up_whatever_was_sent(run):
    sequences = run("queue", QUEUE + """
        let queue = m.settled(filled(3), m.batch(filled(3), { events: 2 }));
        queue = m.added(queue, event("seeked"));
        return queue.events.map((each) => each.sequence);
    """)  # fmt: skip

    assert sequences == [2, 3]


def test_a_batch_fits_into_a_request_that_outlives_its_page(run):
    """A browser refuses more than 64 KiB when a page closes; Kazakh letters are two bytes each."""
    batches = run("queue", QUEUE + """
        let queue = filled(150, { note: "Ә".repeat(1000) });
        const batches = [];
        while (queue.events.length) {
            batches.push(m.batch(queue));
            queue = m.settled(queue, batches.at(-1));
        }
        return batches.map((each) => [each.length, new TextEncoder().encode(JSON.stringify({ events: each })).length]);
    """)  # fmt: skip

    assert sum(count for count, _ in batches) == 150
    assert max(size for _, size in batches) < 64 * 1024


def test_an_event_that_is_too_big_alone_is_still_sent(run):
    assert run("queue", QUEUE + "return m.batch(filled(2, { note: 'x'.repeat(90000) })).length") == 1


def test_a_dead_pages_queue_ends_as_it_was_last_seen(run):
    queues = run("queue", QUEUE + """
        const dead = m.withLast(filled(1), event("terminated", { time_s: 7 }), 2);
        return [m.ended(dead), m.ended(m.ended(dead)), m.ended(fresh)];
    """)  # fmt: skip

    assert [(each["sequence"], each["type"]) for each in queues[0]["events"]] == [(0, "paused"), (1, "terminated")]
    assert queues[1] == queues[0]
    assert queues[2]["events"] == []


def test_a_queue_that_grew_too_long_keeps_its_beginning_and_its_end(run):
    kept = run("queue", QUEUE + "return filled(2100).events.map((each) => each.sequence)")

    assert (kept[0], kept[1], kept[-1], len(kept)) == (0, 101, 2099, 2000)


@pytest.mark.parametrize(
    ("status", "count", "verdict"),
    [(200, 5, "settled"), (0, 5, "again"), (401, 5, "again"), (429, 5, "again"), (503, 5, "again"), (404, 5, "gone"),
     (400, 5, "smaller"), (413, 2, "smaller"), (400, 1, "settled")],
)  # fmt: skip
def test_an_answer_decides_about_the_events(run, status, count, verdict):
    assert run("queue", "return m.verdict(...x)", [status, count]) == verdict


def test_pauses_between_attempts_grow_and_differ(run):
    waits = run("queue", "return [[0, 0], [0, 1], [3, 0], [3, 1], [50, 1]].map((each) => m.waitAfter(...each))")

    assert waits == [0.5, 1, 4, 8, 60]


def test_storyboard_cues_are_read(run):
    vtt = "WEBVTT\r\n\r\n1\r\n00:00.000 --> 00:05.000\r\ns-0.jpg#xywh=0,0,160,90\r\n\r\nNOTE x\n\n" \
          "01:00:05.000 --> 01:00:10.500\ns-0.jpg#xywh=160,0,160,90\n"  # fmt: skip

    cues = run("storyboard", "return m.cues(x, 'http://h/m/t/storyboard.vtt')", vtt)

    assert cues == [
        {"from": 0, "to": 5, "address": "http://h/m/t/s-0.jpg", "x": 0, "y": 0, "width": 160, "height": 90},
        {"from": 3605, "to": 3610.5, "address": "http://h/m/t/s-0.jpg", "x": 160, "y": 0, "width": 160, "height": 90},
    ]


def test_speed_is_smooth_and_knows_when_it_knows_nothing(run):
    steady, burst, unknown = run("speed", """
        const steady = new m.Speed(), burst = new m.Speed();
        for (let at = 0; at <= 30; at++) steady.measure(at * 1000, at);
        for (let at = 0; at <= 30; at++) burst.measure(at * 1000, at);
        burst.measure(130000, 31);
        return [[steady.rate, steady.left(5000)], burst.rate, new m.Speed().left(5)];
    """)  # fmt: skip

    assert steady == [1000, 5]
    assert 1000 < burst < 20_000
    assert unknown is None


def test_a_pause_is_not_slowness(run):
    assert run("speed", """
        const speed = new m.Speed();
        speed.measure(0, 0); speed.measure(1000, 1); speed.rest(); speed.measure(1000, 3601); speed.measure(2000, 3602);
        return speed.rate;
    """) == 1000  # fmt: skip


@pytest.mark.parametrize(("rate", "chunk"), [(0, 262_144), (8_000, 262_144), (100_000, 1_000_000), (1e8, 8_388_608)])
def test_requests_grow_with_the_line(run, rate, chunk):
    assert run("speed", "return m.chunkBytes(x)", rate) == chunk


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.9, "1:05"), (3661, "1:01:01"), (None, "0:00")])
def test_a_clock_reads_like_a_clock(run, seconds, text):
    assert run("texts", "return m.clock(x)", seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 с"), (42, "40 с"), (150, "3 мин"), (3600, "1 сағ 0 мин"), (8100, "2 сағ 15 мин")]
)
def test_a_span_is_as_exact_as_an_estimate(run, seconds, text):
    assert run("texts", "return m.span(x)", seconds) == text


def test_an_address_of_ours_is_asked_for_by_the_name_the_person_used(run, school):
    addresses = run("api", "return [m.here('https://a.kz/media/x', 'https://a.kz'), m.here('https://b.kz/x', 'https://a.kz'),"
                           "m.here(null, 'https://a.kz')]")  # fmt: skip

    assert addresses == [f"{school.base_url}/media/x", "https://b.kz/x", None]


LADDER = [
    {"name": "starter", "width": 426, "height": 240, "bitrate": 90_000},
    {"name": "still", "width": 1920, "height": 1080, "bitrate": 190_000},
    {"name": "moving", "width": 1280, "height": 720, "bitrate": 480_000},
    {"name": "sharp", "width": 1920, "height": 1080, "bitrate": 900_000},
    {"name": "sharper", "width": 1920, "height": 1080, "bitrate": 1_700_000},
]


@pytest.mark.parametrize(("ladder", "first"), [([rung["name"] for rung in LADDER], "still"), (["other"], "starter")])
def test_rungs_are_ordered_as_the_ladder_says(run, ladder, first):
    """Of two rungs, neither the one of more pixels nor the dearer one is always better; else the dearer one is."""
    ladder = sorted(ladder, key=lambda name: name != first)
    shuffled = [{**rung, "uri": f"https://a.kz/media/x/{rung['name']}.m3u8"} for rung in reversed(LADDER)]

    names = run("rungs", "return m.inOrder(x[0], x[1]).map(({ name }) => name)", [shuffled, ladder])

    assert names == (ladder if len(ladder) > 1 else [rung["name"] for rung in LADDER])


@pytest.mark.parametrize(
    ("pixels", "best"),
    [(360, "starter"), (426, "starter"), (1056, "moving"), (1280, "moving"), (1366, "sharper"), (3840, "sharper")],
)
def test_no_more_pixels_than_the_screen_shows(run, pixels, best):
    """The best of the smallest size that fills the screen, also where a larger one comes before it."""
    at = run("rungs", "return m.highestFor(x.rungs, x.pixels)", {"rungs": LADDER, "pixels": pixels})

    assert LADDER[at]["name"] == best


def test_sound_alone_has_no_highest_size(run):
    assert run("rungs", "return m.highestFor([{ bitrate: 40000 }, { bitrate: 90000 }], 1000)") == -1


BUFFERED = "return m.bufferFor({ rungs: x.rungs, playing: true, level: 0, highest: 4, more: false, ...x.now })"


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        ({"playing": False}, 6),
        ({"estimate_bps": 60_000}, 90),
        ({"estimate_bps": 250_000}, 90),
        ({"estimate_bps": 280_000}, 20),
        ({"estimate_bps": 9e6}, 20),
        ({"estimate_bps": 9e6, "level": 4}, 90),
        ({"estimate_bps": 9e6, "level": 2, "highest": 2}, 90),
        ({"estimate_bps": 9e6, "level": 4, "more": True}, 20),
        ({"estimate_bps": 3e6, "level": 4, "more": True}, 90),
    ],
)
def test_what_will_get_better_is_not_loaded_far_ahead(run, now, seconds):
    """A weak line gets the whole buffer at once, a fast one when it plays the best there is."""
    assert run("rungs", BUFFERED, {"rungs": LADDER, "now": now}) == seconds


ASKED = """
const asked = [];
const decodingInfo = async (question) => {
  const track = question.video ?? question.audio;
  asked.push([question.type, track.contentType, track.width]);
  return x.answer[track.contentType.match(/"(\\w+)/)[1]] ?? { supported: false, smooth: false };
};
Object.defineProperty(navigator, "mediaCapabilities", { value: x.answer && { decodingInfo }, configurable: true });
return [await m.decodes(x.lines), asked];
"""
SMOOTH, JERKY = {"supported": True, "smooth": True}, {"supported": True, "smooth": False}


@pytest.mark.parametrize(
    ("answer", "decodes"),
    [
        ({"av01": SMOOTH, "avc1": SMOOTH, "opus": SMOOTH, "mp4a": SMOOTH}, ["av01", "avc1", "opus", "mp4a"]),
        ({"av01": JERKY, "avc1": SMOOTH, "opus": SMOOTH, "mp4a": SMOOTH}, ["avc1", "opus", "mp4a"]),
        ({"av01": SMOOTH, "opus": SMOOTH}, ["av01", "opus"]),
        ({"avc1": SMOOTH, "mp4a": SMOOTH}, ["avc1", "mp4a"]),
        (None, []),
    ],
)
def test_a_device_says_what_it_decodes_smoothly(run, answer, decodes):
    """An old browser does not know the question, and says nothing."""
    assert run("decoding", ASKED, {"answer": answer, "lines": 720})[0] == decodes


@pytest.mark.parametrize(
    ("lines", "width"), [(0, 1280), (480, 1280), (720, 1280), (722, 1920), (1080, 1920), (2160, 1920)]
)
def test_a_device_is_asked_for_the_size_of_the_lesson(run, lines, width):
    """Where AV1 of 1080 lines is too much, a lesson of 720 may still come in it."""
    _, asked = run("decoding", ASKED, {"answer": {}, "lines": lines})

    assert {each[2] for each in asked if each[1].startswith("video")} == {width}


def test_a_device_that_does_not_answer_gets_what_every_device_plays(run):
    silent = "{ value: { decodingInfo: () => new Promise(() => 0) }, configurable: true }"
    code = f"Object.defineProperty(navigator, 'mediaCapabilities', {silent}); return m.decodes(720)"

    assert run("decoding", code) == ["avc1", "mp4a"]
