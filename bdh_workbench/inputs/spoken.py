"""E-mails and subtitles: what was said, without what machines put around it."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

from bdh_workbench.errors import UserError
from bdh_workbench.inputs.pages import Page, damaged
from bdh_workbench.inputs.text_files import decode
from bdh_workbench.wording import plural

SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_TIMING = re.compile(r"\s*(?:\d+:)?\d+:\d+[.,]\d+\s*-->\s*(?:\d+:)?\d+:\d+[.,]\d+.*")
_STYLE = re.compile(r"</?(?:[biuc]|font|v|ruby|rt|lang)(?:[ .][^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_TIME_TAG = re.compile(r"<\d+(?::\d+)+[.,]\d+>")


def read_mail(raw: bytes, where: str) -> Page:
    """The headers and the text of an e-mail, in its own encodings, titled by its subject.

    Raises:
        UserError: when it has no text, or is damaged.
    """
    try:
        return _mail(raw, where)
    except UserError:
        raise
    except Exception:  # the parser can fail anywhere in an e-mail that breaks its rules
        raise UserError(damaged(where)) from None


def _mail(raw: bytes, where: str) -> Page:
    if b"\0" in raw[:1024]:  # a program for texts saved it as UTF-16
        raw = decode(raw, where).text.encode()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(preferencelist=("plain", "html"))
    text = ""
    if body is not None:
        content = body.get_content()
        text = content if isinstance(content, str) else decode(content, where).text
        if body.get_content_subtype() == "html":
            from bdh_workbench.inputs.web import read_html

            text = read_html(text, where).text
    if not text.strip():
        raise UserError(f"{where} is an e-mail without text.")
    headers = [f"{name}: {' '.join(str(message[name]).split())}" for name in SHOWN_HEADERS if message[name]]
    attached = sum(1 for _ in message.iter_attachments())
    note = f"{plural(attached, 'attachment')} left out" if attached else ""
    return Page("\n".join(headers) + "\n\n" + text.strip() + "\n", str(message["Subject"] or ""), note)


def read_subtitles(text: str) -> Page:
    """What subtitles say (SRT, WebVTT), each cue as a paragraph; numbers, times and styles are left out."""
    cues: list[list[str]] = []
    for block in re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n").strip()):
        lines = block.split("\n")
        timed = next((number for number, line in enumerate(lines) if _TIMING.fullmatch(line)), None)
        if timed is not None:
            plain = (_STYLE.sub("", _TIME_TAG.sub("", line)).strip() for line in lines[timed + 1 :])
            cues.append([line for line in plain if line])
    paragraphs: list[str] = []
    for cue in filter(None, cues):
        # A sentence may go on in the next cue; what another person says stands on a line of its own.
        said = "\n".join(cue) if all(line.startswith("-") for line in cue) else " ".join(cue)
        if paragraphs and said[:1].islower():
            paragraphs[-1] += " " + said
        elif not paragraphs or said != paragraphs[-1]:
            paragraphs.append(said)
    return Page("\n\n".join(paragraphs) + "\n", "", f"the times of {plural(len(cues), 'subtitle')} left out")
