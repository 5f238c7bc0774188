"""Our own check of xAPI statements, rule by rule: X2, X7, X9, X10. Ralph is lenient; this is not."""

import re
from collections import defaultdict
from datetime import datetime
from uuid import UUID

VIDEO = "https://w3id.org/xapi/video"
EXT = f"{VIDEO}/extensions"
SCORM = "http://adlnet.gov/expapi/verbs"
VERBS = {
    f"{SCORM}/initialized": "initialized",
    f"{SCORM}/completed": "completed",
    f"{SCORM}/terminated": "terminated",
    f"{VIDEO}/verbs/played": "played",
    f"{VIDEO}/verbs/paused": "paused",
    f"{VIDEO}/verbs/seeked": "seeked",
}
TOP = {"id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version"}
IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}Z")
REQUIRED = {
    "initialized": (set(), {"length"}),
    "played": ({"time"}, set()),
    "paused": ({"time", "progress", "played-segments"}, {"length"}),
    "seeked": ({"time-from", "time-to"}, set()),
    "completed": ({"time", "progress", "played-segments"}, {"length"}),
    "terminated": ({"time", "progress", "played-segments"}, {"length"}),
}


def check(statements: list[dict]) -> list[str]:
    """Every broken rule of a list of statements in export order; empty when all is well."""
    findings: list[str] = []
    for statement in statements:
        findings += [f"{statement.get('id')}: {text}" for text in _check_one(statement)]
    if not findings:
        findings += _check_patterns(statements)
    return findings


def _check_one(statement: dict) -> list[str]:
    verb = VERBS.get(statement.get("verb", {}).get("id"), "")
    if not verb:
        return ["X2 unknown verb"]
    return [*_check_shape(statement), *_check_actor(statement), *_check_video(statement, verb)]


def _check_shape(statement: dict) -> list[str]:
    findings = [f"X2 unknown key {key}" for key in statement.keys() - TOP]
    findings += [f"X2 missing {key}" for key in ("id", "actor", "verb", "object", "timestamp") if key not in statement]
    if _has_null(statement):
        findings.append("X2 null outside extensions")
    if str(UUID(statement["id"])) != statement["id"]:
        findings.append("X2 id is no canonical UUID")
    if not all(IRI.fullmatch(iri) for iri in (statement["verb"]["id"], statement["object"]["id"])):
        findings.append("X2 IRI without scheme")
    names = [*statement["verb"].get("display", {}), *statement["object"]["definition"].get("name", {})]
    findings += [f"X2 language tag {tag!r}" for tag in names if not LANGUAGE.fullmatch(tag)]
    findings += [
        f"X2 {key} is no UTC time with milliseconds"
        for key in ("timestamp", "stored")
        if not TIMESTAMP.fullmatch(statement.get(key, ""))
    ]
    for extensions in (statement["context"]["extensions"], statement.get("result", {}).get("extensions", {})):
        findings += [f"X2 extension {key!r} is no IRI" for key in extensions if not IRI.fullmatch(key)]
    return findings


def _has_null(value: object, *, inside: str = "") -> bool:
    if inside == "extensions":
        return False
    if isinstance(value, dict):
        return any(_has_null(each, inside=key) for key, each in value.items())
    if isinstance(value, list):
        return any(_has_null(each) for each in value)
    return value is None


def _check_actor(statement: dict) -> list[str]:
    actor = statement["actor"]
    identifiers = actor.keys() & {"mbox", "mbox_sha1sum", "openid", "account"}
    if identifiers != {"account"}:
        return [f"X7 identifiers {sorted(identifiers)}"]
    if actor["account"].keys() != {"homePage", "name"} or "name" in actor:
        return ["X7 an account has homePage and name, and a pupil no other name"]
    return []


def _check_video(statement: dict, verb: str) -> list[str]:
    context = statement["context"]
    extensions = context["extensions"]
    result = statement.get("result", {})
    findings = []
    category = context.get("contextActivities", {}).get("category", [])
    if VIDEO not in [activity["id"] for activity in category]:
        findings.append("category lacks the profile")
    if statement["object"]["definition"]["type"] != f"{VIDEO}/activity-type/video":
        findings.append("object is no video")
    in_result, in_context = REQUIRED[verb]
    findings += [f"{verb} lacks {name}" for name in in_result if f"{EXT}/{name}" not in result.get("extensions", {})]
    findings += [f"{verb} lacks {name}" for name in in_context if f"{EXT}/{name}" not in extensions]
    session_id = extensions.get(f"{EXT}/session-id", "")
    if UUID(session_id).version != 4:
        findings.append("session-id is no UUID v4")
    threshold = extensions.get(f"{EXT}/completion-threshold")
    if verb in {"initialized", "paused", "completed", "terminated"} and not isinstance(threshold, float):
        findings.append("completion-threshold must be a number")
    if f"{EXT}/progress" in result.get("extensions", {}):
        findings += _check_segments(result["extensions"], length=extensions[f"{EXT}/length"])
    if verb == "completed":
        findings += _check_completed(result, threshold=threshold)
    return findings


def _check_segments(extensions: dict, *, length: float) -> list[str]:
    text = extensions[f"{EXT}/played-segments"]
    pairs = [tuple(map(float, each.split("[.]"))) for each in text.split("[,]")] if text else []
    findings = []
    previous = 0.0
    for start, end in pairs:
        if not (previous <= start < end <= length + 0.0005):
            findings.append(f"X10 segment {start}..{end} after {previous} in {length}")
        previous = end
    union = sum(end - start for start, end in pairs)
    if abs(extensions[f"{EXT}/progress"] - union / length) > 0.01:
        findings.append("X10 progress differs from the union of the segments")
    if not 0 <= extensions[f"{EXT}/time"] <= length:
        findings.append("X10 time outside the video")
    return findings


def _check_completed(result: dict, *, threshold: float) -> list[str]:
    findings = []
    if result.get("completion") is not True or not re.fullmatch(r"PT\d+(\.\d+)?S", result.get("duration", "")):
        findings.append("completed lacks completion or duration")
    if result["extensions"][f"{EXT}/progress"] < threshold:
        findings.append("X10 completed below the threshold")
    return findings


def _check_patterns(statements: list[dict]) -> list[str]:
    findings = []
    sessions: dict[str, list[str]] = defaultdict(list)
    completed: dict[str, int] = defaultdict(int)
    times: dict[str, datetime] = {}
    for statement in statements:
        session_id = statement["context"]["extensions"][f"{EXT}/session-id"]
        verb = VERBS[statement["verb"]["id"]]
        sessions[session_id].append(verb)
        completed[statement["context"]["registration"]] += verb == "completed"
        moment = datetime.fromisoformat(statement["timestamp"])
        if moment < times.get(session_id, moment):
            findings.append(f"{session_id}: timestamps go back")
        times[session_id] = moment
    for session_id, verbs in sessions.items():
        if verbs[0] != "initialized" or verbs.count("initialized") != 1:
            findings.append(f"{session_id}: X9 does not start with its one initialized: {verbs}")
        if "terminated" in verbs[:-1]:
            findings.append(f"{session_id}: X9 goes on after terminated: {verbs}")
    findings += [f"{registration}: X10 completed {n} times" for registration, n in completed.items() if n > 1]
    ids = [statement["id"] for statement in statements]
    if len(ids) != len(set(ids)):
        findings.append("X3 an id stands twice")
    return findings
