"""What prose between two transcripts tells the reader to do with terminals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from doctest_nix.document import Block, Document, Prose
from doctest_nix.steps.transcript import SHELLS, is_transcript
from doctest_nix.steps.unprompted import commands, script


class Move(StrEnum):
    """Something that a reader does before typing on."""

    OTHER = "type into another terminal"
    FIRST = "return to the first terminal"
    INTERRUPT = "press Ctrl-C"
    LEAVE = "press Ctrl-D, or type exit"


_MARKUP = re.compile(r"</?kbd>|\{kbd\}|:kbd:|[`*]|\\(?=[^\w\s])")
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")

_OTHER = re.compile(
    r"\b(?:in|into|from|open|opening|start|starting|launch|use|using|switch to|have)\s+"
    r"(?:up\s+)?(?:yet\s+)?(?:a|an|the|your)?\s*"
    r"(?:(?:another|second|new|separate|different|other|third)\s+(?:\w+\s+)?(?:terminal|console)"
    r"|(?:another|second|separate)\s+shell)\b",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\b(?:(?:in|into|to|from)\s+(?:the|your)\s+(?:first|original|initial)\s+"
    r"|back\s+(?:in|to)\s+the\s+(?:other\s+)?)(?:terminal|console)\b",
    re.IGNORECASE,
)
_INTERRUPT = re.compile(r"\b(?:ctrl|control)\s*[-+ ]?\s*c\b|\^C\b|\bC-c\b", re.IGNORECASE)
_END_OF_INPUT = re.compile(r"\b(?:ctrl|control)\s*[-+ ]?\s*d\b|\^D\b|\bC-d\b", re.IGNORECASE)
_EXIT = re.compile(r"(?:``?|:command:`|<code>)(?:exit|logout)(?:``?|</code>)")

#: How prose tells that a command fails.
_FAILS = re.compile(
    r"\b(?:will|should|would|must|is going to)\s+(?:\w+\s+)?(?:fail|error|be rejected|abort)\b"
    r"|\b(?:results?|ends?)\s+in\s+an?\s+(?:\w+\s+)?(?:error|failure)\b"
    r"|\bfails?\s+(?:with|because|since|as)\b|\bthe\s+(?:error\s+message|failure)\b"
    r"|\b(?:get|see|encounter|witness|throws?|raises?|produces?|causes?)\s+"
    r"(?:an?|the|your|this)\s+(?:\w+\s+){0,3}error\b",
    re.IGNORECASE,
)

_CONDITION = re.compile(r"\b(?:if|when|unless|otherwise|without|may|might|could)\b", re.IGNORECASE)

#: A sentence that tells the reader to do something about what runs.
_INSTRUCTION = re.compile(
    r"(?:\W*(?:and|then|now|next|first|finally|afterwards|please|let us|let's)\b,?\s*)*"
    r"(?:press|hit|type|use|enter|run|stop|quit|exit|leave|end|terminate|interrupt|close|kill)\b",
    re.IGNORECASE,
)


def moves(prose: Iterable[Prose]) -> tuple[Move, ...]:
    """Return what the reader is told, in order.

    Keys are pressed where a sentence is an instruction.  Where another terminal follows, Ctrl-C
    that is only mentioned tells how to end what must go on running.
    """
    found: list[Move] = []
    for paragraph in prose:
        for sentence in _SENTENCE.split(paragraph.text):
            plain = _MARKUP.sub("", sentence)
            if _OTHER.search(plain):
                found.append(Move.OTHER)
            elif _FIRST.search(plain):
                found.append(Move.FIRST)
            if _INSTRUCTION.match(plain):
                if _INTERRUPT.search(plain):
                    found.append(Move.INTERRUPT)
                elif _END_OF_INPUT.search(plain) or _EXIT.search(sentence):
                    found.append(Move.LEAVE)
    return tuple(found)


def goes_on(shown: str, prose: Iterable[Prose]) -> bool:
    """Tell whether the page goes on while a command runs.

    It does where the command's output, or the prose after it, mentions Ctrl-C, and where the
    prose goes to another terminal.
    """
    if _INTERRUPT.search(shown):
        return True
    texts = [_MARKUP.sub("", paragraph.text) for paragraph in prose]
    return any(_INTERRUPT.search(text) or _OTHER.search(text) for text in texts)


def fails(prose: Iterable[Prose]) -> bool:
    """Tell whether the prose around a command says that it fails, on no condition."""
    sentences = (
        sentence
        for paragraph in prose
        for sentence in _SENTENCE.split(_MARKUP.sub("", paragraph.text))
    )
    return any(_FAILS.search(s) and not _CONDITION.search(s) for s in sentences)


def before(document: Document, index: int) -> tuple[Prose, ...]:
    """Return the prose between the transcript before element ``index`` and it, in order."""
    return tuple(_prose(document, range(index - 1, -1, -1)))[::-1]


def after(document: Document, index: int) -> tuple[Prose, ...]:
    """Return the prose between element ``index`` and the next transcript, in order."""
    return tuple(_prose(document, range(index + 1, len(document.elements))))


def _prose(document: Document, indices: Iterable[int]) -> Iterator[Prose]:
    for index in indices:
        match document.elements[index]:
            case Prose() as prose:
                yield prose
            case Block() as block if is_transcript(block) or commands(block) or _is_typed(block):
                return
            case _:
                pass


def _is_typed(block: Block) -> bool:
    """Tell whether a block is shell code that may be typed."""
    is_shell = block.language.lower() in SHELLS and not block.text.startswith("#!")
    return is_shell and bool(script(block))
