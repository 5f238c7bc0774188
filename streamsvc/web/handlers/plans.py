"""How a lesson is encoded, for its teacher."""

from typing import Any

from aiohttp import web

from streamsvc.web import lesson_plan, openapi
from streamsvc.web.requests import json_response, language, path_uuid, reading, services, viewer


async def one(request: web.Request) -> web.Response:
    now = services(request).now()
    lesson_id = path_uuid(request, "lesson_id")
    found = await reading(request, lesson_plan.encoding, lesson_id, acting=viewer(request), now=now)
    words = services(request).texts.about("plan", language(request))
    return json_response(lesson_plan.plan_json(found, words))


routes = [web.get("/api/v1/lessons/{lesson_id}/plan", one)]

_RATE = openapi.record({"kbps": openapi.NUMBER, "vmaf": openapi.NUMBER})
_MEASURED = openapi.record(
    {
        "average_bps": openapi.nullable(openapi.WHOLE),
        "peak_bps": openapi.nullable(openapi.WHOLE),
        "bytes": openapi.WHOLE,
        "vmaf": openapi.nullable(openapi.NUMBER),
        "vmaf_low": openapi.nullable({"type": "number", "description": "5th percentile of the frames."}),
    }
)
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_HEARD = openapi.record(
    {
        "kind": openapi.one_of("speech", "music", "silence"),
        "lufs": openapi.NUMBER,
        "peak_db": openapi.NUMBER,
        "floor_db": openapi.NUMBER,
        "hum_hz": openapi.nullable(openapi.WHOLE),
        "lone_channel": openapi.nullable(openapi.WHOLE),
    }
)

SCHEMAS = {
    "PlanRung": openapi.record(
        {
            "name": openapi.TEXT,
            "family": openapi.one_of("avc", "av1"),
            "line_kbps": {"type": "integer", "description": "Total peak of the line that it is for, with its sound."},
            "width": openapi.WHOLE,
            "height": openapi.WHOLE,
            "fps": openapi.NUMBER,
            "crf": openapi.WHOLE,
            "preset": openapi.TEXT,
            "max_kbps": {"type": "integer", "description": "What its pictures may take."},
            "sound": openapi.nullable(openapi.TEXT),
            "expected": openapi.nullable(_RATE),
            "measured": openapi.nullable(_MEASURED),
            "why": {"type": "string", "description": "For a person, in the language of Accept-Language."},
        }
    ),
    "PlanSound": openapi.record(
        {
            "name": openapi.TEXT,
            "codec": openapi.one_of("aac", "opus"),
            "kbps": openapi.WHOLE,
            "channels": openapi.WHOLE,
            "measured": openapi.nullable(_MEASURED),
        }
    ),
    "Plan": openapi.record(
        {
            "settled": {"type": "boolean", "description": "Whether the look at the lesson has chosen its rungs."},
            "duration_s": openapi.NUMBER,
            "kinds": {"type": "array", "items": openapi.record({"kind": openapi.TEXT, "share": _SHARE})},
            "still_share": openapi.nullable(_SHARE),
            "text_lines": openapi.nullable(openapi.WHOLE),
            "heard": openapi.nullable(_HEARD),
            "rungs": {"type": "array", "items": openapi.ref("PlanRung")},
            "sounds": {"type": "array", "items": openapi.ref("PlanSound")},
            "passages": {
                "type": "array",
                "items": openapi.record(
                    {
                        "about": openapi.one_of("lesson", "sound", "rungs", "left_out"),
                        "heading": openapi.TEXT,
                        "sentences": {"type": "array", "items": openapi.TEXT},
                    }
                ),
            },
        }
    ),
}

OPENAPI: dict[str, Any] = {
    "/api/v1/lessons/{lesson_id}/plan": {
        "parameters": [openapi.path_parameter("lesson_id", "The lesson.")],
        "get": {
            "operationId": "get_lesson_plan",
            "summary": "How the lesson is encoded, and why",
            "description": "What was found in it, its rungs with expected and measured figures, and the reasons in "
            "words. For whoever owns the lesson, and for curators and admins; to others it is not there. Before the "
            "file was looked at the answer is 409 `media_not_ready`.",
            "tags": ["lessons"],
            "responses": {
                **openapi.answers(openapi.ref("Plan"), description="The plan."),
                **openapi.problems(401, 404, 409),
            },
        },
    }
}
