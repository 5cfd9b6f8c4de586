"""Text that other people wrote, made fit to be shown to a language model: marked, short, without what nobody sees."""

import unicodedata

from marketplace.core import limits

# Blank or joining though not of a hidden category: fillers of Hangul, the empty Braille cell, selectors of glyphs.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs")


def untrusted(text: str, chars: int = limits.JSON_STRING) -> dict[str, str]:
    """The text as every door sends it: never to be taken for an instruction."""
    return {"untrusted_text": visible(text, chars)}


def visible(text: str, chars: int) -> str:
    """The text's visible characters, white space as single spaces, cut to a length."""
    shown = "".join(" " if mark.isspace() else mark for mark in text if mark.isspace() or not _hidden(mark))
    words = " ".join(shown.split())
    return words if len(words) <= chars else words[: chars - 1] + "…"


def _hidden(mark: str) -> bool:
    """Control and format characters (tags, zero widths, reversals), unassigned ones, and blanks."""
    if mark.isascii():
        return not mark.isprintable()
    code = ord(mark)
    return mark in _BLANK or unicodedata.category(mark) in _HIDDEN or any(code in marks for marks in _SELECTORS)
