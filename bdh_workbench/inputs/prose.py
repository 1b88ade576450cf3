"""What a text says about itself: front matter, headings and first words, from which it gets its title."""

from __future__ import annotations

import re

from bdh_workbench.harmless import harmless
from bdh_workbench.inputs.as_read import as_read

_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"(?:[\w-]+|\"[^\"\n]*\")[ \t]*[:=](?:\s|$)|[#\[]|[ \t]*-[ \t]|[ \t]")  # how a line of it may begin
_TITLE = re.compile(r"""^["']?title["']?[ \t]*[:=][ \t]*(.*(?:\n[ \t]+\S.*)*)""", re.MULTILINE | re.IGNORECASE)
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'", re.DOTALL)
_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r"(=+|-{2,})[ \t]*$")


def without_front_matter(text: str) -> tuple[str, str]:
    """The title that the front matter of a text gives, "" for none, and the text without it.

    Front matter is the block of YAML between two lines of dashes, or of TOML between lines of plus signs, that programs
    put at the top of a page. Only its title is looked for, so that no reader of YAML is needed.
    """
    match = _FRONT.match(text)
    lines = [line for line in match[2].split("\n") if line.strip()] if match else []
    if match is None or not lines or lines[0][0].isspace() or not all(map(_FIELD.match, lines)):
        return "", text
    rest = text[match.end() :].lstrip("\n")
    title = _TITLE.search(match[2])
    return (_scalar(title[1]) if title else ""), rest if rest.strip() else text


def _scalar(value: str) -> str:
    """A value of YAML or TOML on one line: quoted, in a block of lines, or as it stands."""
    value = value.strip()
    quoted = _QUOTED.match(value)
    if quoted:
        said = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted[1] is not None else quoted[2].replace("''", "'")
    else:
        said = re.sub(r"^[>|][+-]?\s", "", re.sub(r"(^|\s)#.*", "", value))
    return " ".join(said.split())


def _plain(heading: str) -> str:
    """A heading without the marks of Markdown in it: [Norby *birds*](page) is titled Norby birds."""
    heading = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", heading.strip())
    return re.sub(r"(?<!\w)(\*\*|__|\*|_|`)(?=\S)([^*_`]*)(?<=\S)\1(?!\w)", r"\2", heading)


def first_heading(text: str) -> str:
    """The first heading of a Markdown text; "" if it has none."""
    previous = fence = ""
    for line in text.split("\n"):
        marker = line.strip()[:3]
        if marker in ("```", "~~~") and fence in ("", marker):
            # A line of code may begin with a number sign without being a heading.
            fence = "" if fence else marker
        elif not fence:
            match = _HEADING.match(line)
            if match and match[1].strip():
                return _plain(match[1])
            if previous.strip() and _UNDERLINE.match(line):
                return _plain(previous)
        previous = line
    return ""


def title_of(text: str, limit: int = 48) -> str:
    """A title for a text that has none: its first sentence or line, cut between two words where it is long."""
    line = harmless(as_read(text[: limit * 8]).strip()[: limit * 4].split("\n", 1)[0]).strip()
    heading = line.startswith("#")  # a title as it stands
    line = line.strip("# ") if heading else re.split(r"(?<=\w)[.!?:](?=\s|$)", line, maxsplit=1)[0].strip()
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0].rstrip(" ,;–-")
