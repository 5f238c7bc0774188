"""Plans and sources as JSON, for the database. Pure."""

from fractions import Fraction
from typing import Any

import msgspec

from transcoder.media import Plan
from transcoder.source import Source


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Only what JSON can hold; fractions are written `num/den` and stay exact."""
    written: dict[str, Any] = msgspec.to_builtins(plan, enc_hook=_write_fraction)
    return written


def plan_from_json(data: dict[str, Any]) -> Plan:
    """The very plan that was written."""
    return msgspec.convert(data, Plan, dec_hook=_read_fraction)


def plan_if_readable(data: dict[str, Any] | None) -> Plan | None:
    """None where there is no plan yet, or one of an earlier form, as a published lesson may have."""
    try:
        return plan_from_json(data) if data is not None else None
    except msgspec.ValidationError:
        return None


def source_to_json(source: Source) -> dict[str, Any]:
    """As `plan_to_json`, for what the probe found."""
    written: dict[str, Any] = msgspec.to_builtins(source, enc_hook=_write_fraction)
    return written


def _write_fraction(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise TypeError(f"{type(value).__name__} has no place in a plan")


def _read_fraction(kind: type, value: object) -> Fraction:
    if kind is Fraction and isinstance(value, str):
        return Fraction(value)
    raise TypeError(f"{kind.__name__} has no place in a plan")
