"""Times as a person reads them on a player. Pure."""


def clock(moment_s: float) -> str:
    """`4:05`, `1:04:05`, to the nearest second."""
    minutes, seconds = divmod(round(moment_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
