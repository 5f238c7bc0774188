import pytest

from transcoder.analysis.seeing import STRIPS, Seen, seen, text_lines


@pytest.mark.parametrize(
    ("changed", "moved", "flat", "kind"),
    [
        (0.0, 0.0, 0.95, "slides"),
        (0.004, 0.0001, 0.58, "slides"),
        (0.0, 0.0, 0.1, "slides"),
        (0.03, 0.018, 0.91, "screen"),
        (0.003, 0.0014, 0.3, "board"),
        (0.28, 0.065, 0.06, "talking"),
        (0.5, 0.3, 0.06, "phone"),
        (0.89, 0.6, 0.06, "motion"),
    ],
)
def test_a_sample_is_known_by_what_moves_and_by_what_was_drawn(
    changed: float, moved: float, flat: float, kind: str
) -> None:
    assert Seen(changed, moved, flat, 0).kind == kind


def test_shares_are_read_from_the_grey_of_the_maps() -> None:
    found = seen(changed=bytes([0, 255]), moved=bytes([51]), flat=bytes([255]), edges=b"")

    assert found == Seen(0.5, 0.2, 1.0, 0)


def test_a_sample_of_one_frame_stands_still() -> None:
    assert seen(changed=b"", moved=b"", flat=bytes([255]), edges=b"").kind == "slides"


def page(*heights: int) -> bytes:
    """Lines of writing of these heights over the whole width, ten empty ones between them."""
    lines = [0] * 10
    for height in heights:
        lines += [90] * height + [0] * 10
    return b"".join(bytes([grey]) * STRIPS for grey in lines)


def test_the_smallest_writing_of_a_page_is_found() -> None:
    assert text_lines(page(24, 24, 12, 12)) == 12


def test_a_rule_and_a_picture_are_no_writing() -> None:
    assert text_lines(page(1, 300)) == 0


def test_an_empty_page_has_no_writing() -> None:
    assert text_lines(page()) == 0
