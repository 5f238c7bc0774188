"""Which of a publication's multivariant playlists a player gets. Pure."""

from collections.abc import Collection

from transcoder.playlists import ALL, AV1, AVC

AV1_CODECS = frozenset({"av01", "opus"})
"""All that the family needs: a player that lacks one of them would skip each of its variants whole."""


def playlist_for(decodes: Collection[str] | None, published: Collection[str]) -> str:
    """
    The name of the playlist, given what the player says it decodes and which playlists there are.

    A player that says nothing gets both families and takes what it knows. One that speaks gets one family, since
    players stay in the family of their first choice, which need not be the one that fits the line. AVC always exists.
    """
    wanted = ALL if decodes is None else AV1 if AV1_CODECS.issubset(decodes) else AVC
    return wanted if wanted in published else AVC
