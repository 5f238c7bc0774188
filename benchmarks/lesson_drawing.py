"""Pictures of the generated lessons, drawn with Pillow. The same frame is always the same picture."""

import random
from collections.abc import Iterator
from itertools import pairwise
from math import cos, pi, sin

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from streamsvc.sample.script import Ratio, Root
from streamsvc.sample.typesetting import draw_formula, draw_text

HD, FULL_HD = (1280, 720), (1920, 1080)
INK, BLUE, PAPER = (30, 34, 46), (17, 62, 120), (250, 250, 246)
SENTENCES = (
    "A quadratic equation has the form shown above",
    "Квадрат теңдеудің түбірлері дискриминант арқылы табылады",
    "Если дискриминант меньше нуля, действительных корней нет",
    "The parabola crosses the axis where the function is nought",
    "Сумма корней равна минус b, делённому на a",
    "Түбірлердің көбейтіндісі c-ның a-ға қатынасына тең",
)


def slide(number: int, shown: int) -> Image.Image:
    """A page of a talk with its first `shown` of eight steps: text, formulas, a plot and a table."""
    picture = Image.new("RGB", FULL_HD, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1920, 150), fill=BLUE if number % 2 == 0 else (96, 40, 92))
    draw_text(draw, (90, 105), f"{number + 1}. Quadratic equations", style="Bold", size=72, colour=PAPER)
    draw_text(draw, (1700, 1040), f"Algebra · {number + 1}", style="Regular", size=26, colour=(120, 120, 130))
    for step in range(min(shown, 6)):
        y = 250 + step * 118
        draw.ellipse((96, y - 26, 116, y - 6), fill=BLUE)
        if step % 3 == 2:
            parts = ("x = ", Ratio((f"−{number + step} ± ", Root(f"b² − {step * 4}ac")), f"{step}a"))
            draw_formula(draw, (150, y), parts, size=50, colour=INK)
        else:
            sentence = SENTENCES[(number * 2 + step) % len(SENTENCES)]
            draw_text(draw, (150, y), sentence, style="Regular", size=38, colour=INK)
    if shown > 6:
        _plot(draw, number)
    if shown > 7:
        _table(draw, number)
    return picture


def _plot(draw: ImageDraw.ImageDraw, number: int) -> None:
    draw.line((1330, 560, 1850, 560), fill=INK, width=3)
    draw.line((1590, 200, 1590, 620), fill=INK, width=3)
    curve = [(1590 + x, 590 - (x / 14) ** 2 + number * 5) for x in range(-200, 201, 4)]
    draw.line(curve, fill=(200, 50, 40), width=5, joint="curve")


def _table(draw: ImageDraw.ImageDraw, number: int) -> None:
    for row in range(6):
        for column in range(5):
            x, y = 1330 + column * 104, 680 + row * 52
            draw.rectangle((x, y, x + 104, y + 52), outline=(150, 150, 160))
            text = str((row + 2) * (column + 3) - number)
            draw_text(draw, (x + 14, y + 38), text, style="Regular", size=28, colour=INK)


CODE = """def roots(a: float, b: float, c: float) -> tuple[float, ...]:
    \"\"\"Real roots of a quadratic equation, from low to high.\"\"\"
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return ()
    half = discriminant ** 0.5
    return tuple(sorted({(-b - half) / (2 * a), (-b + half) / (2 * a)}))

for a, b, c in [(1, -3, 2), (1, 2, 1), (1, 0, 1)]:
    print(f"{a}x² + {b}x + {c} = 0:", roots(a, b, c))
""".splitlines()
LINE = 34


def screencast(frame_count: int, fps: int) -> Iterator[Image.Image]:
    """An editor in which somebody types, then scrolls a long file, then types again; a pointer moves about."""
    page = _code_page()
    for frame in range(frame_count):
        time_s = frame / fps
        scrolled = round(_between(time_s, 4, 8) * 1900 / 2) * 2
        picture = Image.new("RGB", FULL_HD, (32, 34, 44))
        picture.paste(page.crop((0, scrolled, 1500, scrolled + 960)), (380, 60))
        draw = ImageDraw.Draw(picture)
        _editor_frame(draw, scrolled)
        _typed(draw, time_s)
        pointer = (900 + 500 * sin(time_s * 0.7), 500 + 300 * sin(time_s * 1.1)) if int(time_s) % 4 < 2 else (1400, 640)
        draw.polygon([(pointer[0] + x, pointer[1] + y) for x, y in ((0, 0), (0, 26), (7, 20), (20, 20))], fill=PAPER)
        yield picture


def _code_page() -> Image.Image:
    page = Image.new("RGB", (1500, 3000), (40, 42, 54))
    draw = ImageDraw.Draw(page)
    colours = ((248, 248, 242), (139, 233, 253), (80, 250, 123), (255, 184, 108), (189, 147, 249))
    for number in range(3000 // LINE):
        line = CODE[number % len(CODE)] if CODE[number % len(CODE)] else f"# {number}"
        y = 30 + number * LINE
        draw_text(draw, (20, y), str(number + 1), style="Regular", size=22, colour=(98, 114, 164))
        draw_text(draw, (90, y), line, style="Regular", size=24, colour=colours[(number * 7) % len(colours)])
    return page


def _editor_frame(draw: ImageDraw.ImageDraw, scrolled: int) -> None:
    draw.rectangle((0, 0, 1920, 60), fill=(24, 25, 33))
    draw_text(draw, (24, 40), "lesson.py — editor", style="Bold", size=24, colour=(200, 200, 210))
    draw.rectangle((0, 60, 372, 1080), fill=(28, 30, 40))
    for number in range(24):
        at = (28 + number % 3 * 18, 110 + number * 36)
        draw_text(draw, at, f"chapter_{number:02}.py", style="Regular", size=22, colour=(170, 172, 190))
    draw.rectangle((1890, 60 + scrolled * 0.3, 1910, 180 + scrolled * 0.3), fill=(90, 92, 110))


def _typed(draw: ImageDraw.ImageDraw, time_s: float) -> None:
    """A console below, a key every twelfth of a second while the page stands still."""
    draw.rectangle((380, 820, 1920, 1080), fill=(18, 18, 24))
    keys = int(min(time_s, 4) * 12 + max(0.0, time_s - 8) * 12)
    text = "".join(line + "\n" for line in CODE)[:keys].split("\n")
    for number, line in enumerate(text[-6:]):
        draw_text(draw, (400, 860 + number * 36), f">>> {line}", style="Regular", size=26, colour=(120, 240, 140))


def board(frame_count: int, fps: int) -> Iterator[Image.Image]:
    """A blackboard on which words and a parabola appear under a hand with its shadow."""
    random_ = random.Random(5)
    ground = ImageChops.multiply(Image.new("RGB", HD, (62, 92, 76)), texture(HD, random_, low=205, high=255))
    hand, strokes = _hand(), _strokes()
    drawn = ImageDraw.Draw(ground)
    done = 0
    for frame in range(frame_count):
        wanted = min(len(strokes), int((frame / fps - 0.5) * 130))
        for start, end in strokes[done : max(done, wanted)]:
            drawn.line((*start, *end), fill=(226, 230, 214), width=4)
        done = max(done, wanted)
        picture = ground.copy()
        tip = strokes[min(done, len(strokes) - 1)][1]
        sway = (round(tip[0] + 3 * sin(frame * 0.9)), round(tip[1] + 3 * cos(frame * 0.7)))
        picture.paste(hand, sway, hand)
        yield picture


def _strokes() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Short pieces in the order of writing: four lines of scribbled letters, then a curve."""
    random_, pieces = random.Random(11), []
    for row in range(4):
        x, y = 90.0, 110.0 + row * 105
        for _letter in range(16 - row):
            points = [(x, y)]
            for turn in range(9):
                points.append((x + 4 * turn + random_.uniform(-7, 7), y + random_.uniform(-24, 24)))
            pieces += list(pairwise(points))
            x += 48 + (26 if random_.random() < 0.2 else 0)
    curve = [(880 + x, 620 - (x - 150) ** 2 / 60) for x in range(0, 310, 3)]
    return pieces + list(pairwise(curve))


def _hand() -> Image.Image:
    """Its top left corner is the tip of the chalk; the shadow falls to the lower right."""
    picture = Image.new("RGBA", (420, 560))
    shadow = Image.new("RGBA", picture.size)
    shape = [(4, 4), (60, 40), (150, 90), (260, 260), (420, 470), (420, 560), (300, 560), (160, 330), (60, 170)]
    ImageDraw.Draw(shadow).polygon([(x + 22, y + 26) for x, y in shape], fill=(0, 0, 0, 120))
    picture.alpha_composite(shadow.filter(ImageFilter.GaussianBlur(14)))
    arm = Image.new("RGBA", picture.size)
    ImageDraw.Draw(arm).polygon(shape, fill=(196, 150, 124, 255))
    ImageDraw.Draw(arm).polygon([(190, 360), (300, 330), (420, 470), (420, 560), (300, 560)], fill=(52, 66, 110, 255))
    picture.alpha_composite(arm.filter(ImageFilter.GaussianBlur(2)))
    return picture


def head(frame_count: int, fps: int) -> Iterator[Image.Image]:
    """Somebody who talks before a shelf of books: the head sways and turns, mouth and eyes move."""
    ground = _shelf()
    skin = _skin()
    for frame in range(frame_count):
        time_s = frame / fps
        x = 470 + 26 * sin(time_s * 1.7) + 9 * sin(time_s * 5.3)
        y = 120 + 12 * sin(time_s * 2.3) + 5 * sin(time_s * 7.1)
        picture = ground.copy()
        draw = ImageDraw.Draw(picture)
        draw.ellipse((x - 190, y + 380, x + 530, y + 1100), fill=(58, 72, 104))
        draw.polygon([(x + 120, y + 380), (x + 220, y + 380), (x + 170, y + 520)], fill=(225, 225, 230))
        turned = skin.rotate(4 * sin(time_s * 1.3), Image.Resampling.BICUBIC, expand=False)
        picture.paste(turned, (round(x), round(y)), turned)
        _face(draw, x + 12 * sin(time_s * 1.1), y, time_s)
        yield picture.filter(ImageFilter.GaussianBlur(0.8))


def _face(draw: ImageDraw.ImageDraw, x: float, y: float, time_s: float) -> None:
    mouth = 6 + 26 * abs(sin(time_s * 9.1) * sin(time_s * 2.9))
    draw.ellipse((x + 115, y + 320 - mouth / 2, x + 225, y + 320 + mouth / 2), fill=(110, 40, 44))
    lid = 2 if time_s % 3.1 < 0.15 else 15
    for eye in (98, 208):
        draw.ellipse((x + eye, y + 180 - lid, x + eye + 48, y + 180 + lid), fill=(240, 238, 234))
        look = 8 * sin(time_s * 0.9)
        draw.ellipse((x + eye + 15 + look, y + 180 - lid, x + eye + 33 + look, y + 180 + lid), fill=(50, 40, 36))
        draw.line((x + eye - 6, y + 146, x + eye + 54, y + 142), fill=(70, 48, 34), width=9)


def _skin() -> Image.Image:
    size = (340, 430)
    tint = ImageChops.multiply(
        Image.new("RGB", size, (226, 178, 150)), texture(size, random.Random(3), low=170, high=255)
    )
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse((8, 8, 332, 422), fill=255)
    tint.putalpha(mask.filter(ImageFilter.GaussianBlur(2)))
    hair = ImageDraw.Draw(tint)
    hair.chord((8, 0, 332, 300), 185, 355, fill=(52, 38, 30, 255))
    return tint


def _shelf() -> Image.Image:
    random_ = random.Random(8)
    picture = ImageChops.multiply(Image.new("RGB", HD, (170, 150, 128)), texture(HD, random_, low=190, high=255))
    draw = ImageDraw.Draw(picture)
    for shelf in range(3):
        x = 0
        while x < HD[0]:
            width, height = random_.randint(18, 52), random_.randint(130, 205)
            colour = tuple(random_.randint(40, 190) for _ in range(3))
            bottom = 230 + shelf * 240
            draw.rectangle((x, bottom - height, x + width, bottom), fill=colour, outline=(30, 26, 24))
            x += width
    return picture.filter(ImageFilter.GaussianBlur(1.6))


def motion(frame_count: int, fps: int) -> Iterator[Image.Image]:
    """A camera that swings over a field of detail while large things cross it."""
    world = texture((3000, 1900), random.Random(21), low=0, high=255)
    for frame in range(frame_count):
        time_s = frame / fps
        zoom = 1 + 0.35 * sin(time_s * 2.1)
        width, height = 1280 * zoom, 720 * zoom
        x = 860 + 560 * sin(time_s * 1.9) - (width - 1280) / 2
        y = 520 + 380 * sin(time_s * 2.7) - (height - 720) / 2
        picture = world.resize(HD, Image.Resampling.BICUBIC, box=(x, y, x + width, y + height))
        draw = ImageDraw.Draw(picture)
        for number in range(6):
            turn = time_s * (2.2 + 0.4 * number) + number * pi / 3
            cx, cy = 640 + 520 * cos(turn), 360 + 300 * sin(turn * 1.3)
            draw.ellipse((cx - 60, cy - 60, cx + 60, cy + 60), fill=(40 * number, 220 - 30 * number, 90 + 20 * number))
        yield picture


def texture(size: tuple[int, int], random_: random.Random, *, low: int, high: int) -> Image.Image:
    """Detail of every size, in colour, like grass or plaster."""
    channels = []
    for _channel in range(3):
        layer = Image.new("L", size, 128)
        for cell, share in ((160, 0.6), (40, 0.35), (10, 0.22), (3, 0.12)):
            small = (size[0] // cell + 2, size[1] // cell + 2)
            noise = Image.frombytes("L", small, random_.randbytes(small[0] * small[1]))
            layer = Image.blend(layer, noise.resize(size, Image.Resampling.BICUBIC), share)
        channels.append(layer.point(lambda value: low + (high - low) * value // 255))
    return Image.merge("RGB", channels)


def _between(time_s: float, start_s: float, end_s: float) -> float:
    """0 before, 1 after, gently between."""
    part = min(1.0, max(0.0, (time_s - start_s) / (end_s - start_s)))
    return part * part * (3 - 2 * part)
