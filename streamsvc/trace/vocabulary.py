"""The IRIs of the xAPI Video Profile (https://w3id.org/xapi/video, v1.0.3) that Sabaq writes. Pure."""

PROFILE = "https://w3id.org/xapi/video"
ACTIVITY_TYPE = f"{PROFILE}/activity-type/video"

VERBS = {
    "initialized": "http://adlnet.gov/expapi/verbs/initialized",
    "played": f"{PROFILE}/verbs/played",
    "paused": f"{PROFILE}/verbs/paused",
    "seeked": f"{PROFILE}/verbs/seeked",
    "completed": "http://adlnet.gov/expapi/verbs/completed",
    "terminated": "http://adlnet.gov/expapi/verbs/terminated",
}

SESSION_ID = f"{PROFILE}/extensions/session-id"
LENGTH = f"{PROFILE}/extensions/length"
COMPLETION_THRESHOLD = f"{PROFILE}/extensions/completion-threshold"
TIME = f"{PROFILE}/extensions/time"
TIME_FROM = f"{PROFILE}/extensions/time-from"
TIME_TO = f"{PROFILE}/extensions/time-to"
PROGRESS = f"{PROFILE}/extensions/progress"
PLAYED_SEGMENTS = f"{PROFILE}/extensions/played-segments"

# The profile says "percentage" in prose and shows 0.5 in examples; we write the ratio, 0 to 1.
COMPLETED_FROM = 0.95
"""Share of a lesson that must have been watched before it counts as completed."""
