"""What an upload's metadata says of the file: its name, the lesson's title, and whether it can be a lesson. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from streamsvc.uploads.errors import UploadTypeRefused

LONGEST_NAME = 255
LONGEST_TITLE = 200
UNNAMED = "Сабақ"
"""The title of a lesson whose upload has neither title nor file name."""

# Only what is clearly something else; what a name leaves open is decided by the bytes, later.
_OTHER = """
    .exe .msi .dll .bat .cmd .ps1 .sh .apk .dmg .deb .rpm .jar .iso .torrent .lnk
    .pdf .doc .docx .odt .rtf .xls .xlsx .ods .ppt .pptx .odp .epub .djvu .fb2
    .zip .rar .7z .tar .gz .tgz .bz2 .xz
    .jpg .jpeg .png .gif .bmp .webp .heic .heif .tif .tiff .svg .psd .ico
"""
_MEDIA = """
    .mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .3gp .3g2 .mpg .mpeg .flv .wmv .ogv .mxf
    .mp3 .m4a .aac .wav .ogg .oga .opus .flac .mka .wma .amr
"""
_OTHER_SUFFIXES, _MEDIA_SUFFIXES = frozenset(_OTHER.split()), frozenset(_MEDIA.split())
_OTHER_TYPES = (
    "image/",
    "application/pdf",
    "application/zip",
    "application/x-msdownload",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.",
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a client calls its file."""

    filename: str
    """Without any path; maybe empty."""
    filetype: str
    """The media type that the client's system guessed; maybe empty."""
    title: str
    """For the lesson; never empty."""


def named(metadata: Mapping[str, bytes]) -> Named:
    """
    Read `filename` and `title`; `name` stands in for a missing `filename`, as some clients call it so.

    Text that is no UTF-8 is a nuisance, no reason to refuse an hour's upload: wrong bytes are replaced.
    """
    filename = _base_name(_text(metadata, "filename") or _text(metadata, "name"))[-LONGEST_NAME:]
    filetype = _text(metadata, "filetype") or _text(metadata, "type")
    title = _text(metadata, "title") or visible(PurePosixPath(filename).stem) or UNNAMED
    return Named(filename, filetype.lower(), title[:LONGEST_TITLE])


def _text(metadata: Mapping[str, bytes], key: str) -> str:
    return visible(metadata.get(key, b"").decode("utf-8", "replace"))


def visible(text: str) -> str:
    """One line without control, formatting (they can turn a line around) and surrogate characters."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"}).strip()


def _base_name(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2]
    return "" if name in {".", ".."} else name


def check_type(named: Named) -> None:
    """
    Raises UploadTypeRefused for what is clearly neither video nor sound.

    A name that we know as media wins over the type: systems call `.ts` a translation and `.mkv` nothing at all.
    """
    suffix = PurePosixPath(named.filename).suffix.lower()
    if suffix in _MEDIA_SUFFIXES:
        return
    if suffix in _OTHER_SUFFIXES or named.filetype.startswith(_OTHER_TYPES):
        raise UploadTypeRefused(f"{named} is no lesson", name=named.filename or named.filetype)
