"""The page of a report: one file without any request to anywhere. Pure."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape

from transcoder.clock import clock
from transcoder.loudness import SoundReport
from transcoder.media import AudioRendition, VideoRendition
from transcoder.reporting.charts import Span, bits_over_time, rate_quality
from transcoder.reporting.snapshots import Moment
from transcoder.reporting.style import STYLE
from transcoder.reporting.values import MEGABYTE, Report, Row

Words = Mapping[str, str]
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Holds the page to its word: whatever stands in it, nothing is fetched."""
SILENCES_TOLD = 8


def page(report: Report, words: Words, *, language: str) -> str:
    """The whole page; every text that is not ours is escaped."""
    title = words["title"].format(lesson=report.title)
    sections = [
        _section("found", words, _summary(report, words) + _passages(report, ("lesson",))),
        _section("curve", words, _curve(report, words)),
        _section("rungs", words, _table(report.rows, words)),
        _section("frames", words, _moments(report.moments, words)),
        _section("bits", words, "".join(_strip(each, spans, words) for each, spans in report.strips)),
        _section("sound", words, _passages(report, ("sound",)) + _sounds(report, words)),
        _section("plan", words, _passages(report, ("rungs", "left_out"))),
    ]
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(section for section in sections if section)
        + f"\n<footer>{escape(words['footer'].format(digest=report.plan.digest))}</footer>\n</main>\n</body>\n</html>\n"
    )


def _section(name: str, words: Words, inside: str) -> str:
    return f"<section>\n<h2>{escape(words[f'heading_{name}'])}</h2>\n{inside}\n</section>" if inside else ""


def _paragraph(text: str, style: str = "") -> str:
    return f"<p{f' class={style}' if style else ''}>{escape(text)}</p>"


def _passages(report: Report, about: Sequence[str]) -> str:
    wanted = [passage for passage in report.passages if passage.about in about]
    return "".join(
        (f"<h3>{escape(passage.heading)}</h3>" if len(wanted) > 1 else "")
        + "<ul>"
        + "".join(f"<li>{escape(sentence)}</li>" for sentence in passage.sentences)
        + "</ul>"
        for passage in wanted
    )


def _summary(report: Report, words: Words) -> str:
    video = report.plan.source.video
    size = f"{video.width}×{video.height}, {video.codec}" if video else "–"
    told = {
        "length": clock(report.plan.duration_s),
        "source": f"{size}; {report.plan.source.bytes / MEGABYTE:.1f} MB",
        "smallest": _cheapest(report.rows),
    }
    return (
        "<dl>"
        + "".join(f"<dt>{escape(words[key])}</dt><dd>{escape(text)}</dd>" for key, text in told.items())
        + "</dl>"
    )


def _cheapest(rows: Sequence[Row]) -> str:
    if not rows:
        return "–"
    row = min(rows, key=lambda row: row.average_kbps)
    return f"{row.rung.name}: {row.bytes / MEGABYTE:.2f} MB"


def _curve(report: Report, words: Words) -> str:
    if not report.rows:
        return ""
    if not any(row.vmaf is not None for row in report.rows):
        return _paragraph(words["no_quality"])
    notes = [words["curve_note"], words["measured" if any(row.score for row in report.rows) else "expected"]]
    others = any(curve.style not in ("avc", "av1") for curve in report.curves)
    notes.append(words["peers_measured" if report.peers_measured else "peers_typical" if others else "peers_unknown"])
    legend = "".join(f'<li class="{curve.style}">{escape(curve.name)}</li>' for curve in report.curves)
    chart = rate_quality(report.curves, x_title=words["axis_rate"], y_title="VMAF")
    return f'{chart}<ul class="legend">{legend}</ul>{_paragraph(" ".join(notes), "note")}'


def _table(rows: Sequence[Row], words: Words) -> str:
    if not rows:
        return ""
    # What is asked for first comes first: a phone shows no more than that.
    columns = ("rung", "vmaf", "low", "average", "peak", "lesson", "line", "size")
    head = "".join(f"<th>{escape(words[f'column_{column}'])}</th>" for column in columns)
    body = "".join(f"<tr>{_cells(row, words)}</tr>" for row in rows)
    note = _paragraph(words["table_note"], "note")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}'


def _cells(row: Row, words: Words) -> str:
    rung = row.rung
    still = f" · {words['still']}" if rung.frame_step > 1 else ""
    vmaf = "–" if row.vmaf is None else _number(row.vmaf, words) + ("" if row.score else " *")
    cells = (
        f"{rung.name}",
        vmaf,
        _number(row.score.low, words) if row.score else "–",
        f"{row.average_kbps:.0f}",
        f"{row.peak_kbps:.0f}",
        _number(row.megabytes_per_lesson, words),
        f"{rung.line_kbps}",
        f"{rung.width}×{rung.height}{still}",
    )
    return f'<th scope="row" class="{rung.family}">{cells[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in cells[1:])


def _moments(moments: Sequence[Moment], words: Words) -> str:
    return _paragraph(words["cut_note"], "note") + "".join(_moment(each, words) for each in moments) if moments else ""


def _moment(moment: Moment, words: Words) -> str:
    at = escape(words["moment"].format(at=clock(moment.at_s)))
    whole = f'<img class="overview" alt="{at}" src="{_data(moment.overview)}">'
    cuts = "".join(
        f'<figure><img alt="{escape(shown.name or words["source"])}" src="{_data(shown.jpeg)}">'
        f"<figcaption>{escape(shown.name or words['source'])}</figcaption></figure>"
        for shown in moment.cuts
    )
    return f'<h3>{at}</h3>{whole}<div class="cuts">{cuts}</div>'


def _strip(each: VideoRendition | AudioRendition, spans: Sequence[Span], words: Words) -> str:
    if not spans:
        return ""
    cap = each.max_kbps if isinstance(each, VideoRendition) else None
    most = max(span.kbps for span in spans)
    said = words["strip" if cap else "strip_sound"].format(name=each.name, most=f"{most:.0f}", cap=cap)
    drawn = bits_over_time(spans, cap_kbps=cap, style=each.family, label=said)
    return f'<div class="over-time">{_paragraph(said)}{drawn}</div>'


def _sounds(report: Report, words: Words) -> str:
    return "".join(_sound(sound, words) for sound in report.sounds)


def _sound(sound: SoundReport, words: Words) -> str:
    lufs, peak = _number(sound.integrated_lufs, words), _number(sound.true_peak_db, words)
    said = words["sounding"].format(name=sound.rendition, lufs=lufs, peak=peak)
    silences = "; ".join(f"{clock(start)}–{clock(end)}" for start, end in sound.silences[:SILENCES_TOLD])
    more = len(sound.silences) - SILENCES_TOLD
    quiet = words["silences" if more <= 0 else "silences_more"].format(silences=silences, more=more) if silences else ""
    return _paragraph(f"{said} {quiet or words['no_silences']}")


def _data(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def _number(value: float, words: Words) -> str:
    return f"{value:.1f}".replace(".", words["decimal"]).replace("-", "−")
