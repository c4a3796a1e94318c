"""Code that is shown to be read: it must parse in its language."""

from __future__ import annotations

import ast
import json
import re
import sys
import textwrap
import time
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from doctest_nix.document import Block, Prose
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.steps.transcript import SHELLS
from doctest_nix.steps.unprompted import script
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

#: A line, or a part of one, that says that something is left out.
_ELISION = re.compile(r"^\s*(?:#|//)?\s*(?:\.\.\.|…|\[(?:\.\.\.|…)\])\s*,?\s*$", re.MULTILINE)

#: How a text ends that was cut off.
_ENDS_ELIDED = re.compile(r"(?:\.\.\.|…|\bsnip\b[\s>\])-]*)\s*\Z")

#: How a shell's script begins, or a line that is typed there: a command of Nix.
_SCRIPT = re.compile(
    r"#! ?/(?:usr/)?bin/(?:env )?(?:ba|da|z|k)?sh\b"
    r"|(?:sudo )?nix(?:-(?:shell|build|env|store|instantiate|channel)|os-rebuild) [-'\"\w./<]"
    r"|nix (?:build|run|shell|develop|flake|profile|eval|search|repl|copy|store) "
)


#: The interpreter that the first line of a script names, itself or by `nix-shell -i`.
_INTERPRETER = re.compile(
    r"\s*#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([\w.+-]+)[^\n]*"
    r"(?:(?:\n\s*#![^\n]*)*\n\s*#!\s*nix-shell\b[^\n]*\s-i\s+([\w.+-]+))?"
)
_SHELL_NAMES = frozenset("sh bash dash zsh ksh ash nix-shell".split())

#: Why commands without prompts are not checked.
OUTPUTS_AMONG_COMMANDS = "shows outputs among commands without prompts"

#: What bash says of a line of output: prose and listings have parentheses, commands seldom.
_OUTPUT = re.compile(r"unexpected token `\('")

#: What Python's parser of TOML says of a key that is bound twice, and of a table.
_ALTERNATIVES = re.compile(r"Cannot (?:overwrite a value|declare .* twice)")

#: How Python prints an object that has no notation, and what a reader fills in.
_PRINTED_OBJECT = re.compile(r"<[A-Za-z_][\w.]*[^<>\n]*>")

#: What Python says of a statement that only Python 2 has.
_PYTHON_2 = "Missing parentheses in call to 'print'"

#: What a Python before 3.12 says of quotes in an f-string that are those around it (PEP 701).
_NEWER_F_STRING = "f-string: "

#: How the sentence before a block says that it is wrong on purpose.
_CALLED_WRONG = re.compile(
    r"\b(?:invalid|incorrect|wrong|illegal|malformed|syntax errors?"
    r"|(?:not|never|cannot|n[o']t) (?:be )?(?:valid|works?|pars(?:e|ed)|compiled?|evaluated?)"
    r"|fails? to (?:parse|compile|evaluate))\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")

#: How messages of Nix begin, and commands of its repl.
_PRINTED = re.compile(r"(?:trace|error|warning): |:[a-z]+\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxStep:
    """A block that is neither run nor written: its syntax is checked.

    ``called_wrong`` says that the page itself tells that it is wrong.
    """

    block: Block
    called_wrong: bool = False
    kind: str = "syntax"
    depends: bool = False
    changes: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def detail(self) -> str:
        """The language."""
        return language_of(self.block)

    def announce(self, stage: Stage) -> None:
        """Tell the stage what it will be asked, so that one question serves many steps."""
        announce(self.block, stage)

    def execute(self, stage: Stage) -> Verdict:
        """Parse it, in the forms in which documentation shows its language."""
        verdict = check(self.block, stage, language=language_of(self.block))
        if verdict.fate is Fate.FAILED and self.called_wrong:
            reason = "the page says that it is wrong"
            return Verdict(fate=Fate.SKIPPED, reason=reason, seconds=verdict.seconds)
        return verdict


def from_block(block: Block, context: Context) -> SyntaxStep | None:
    """Return the step for a block in a language that has a parser at hand.

    A block in a shell's language must be a script or commands alone: one that shows outputs among
    them is no script.
    """
    language = language_of(block)
    if (
        language not in CHECKERS
        or is_printed(block)
        or (language in SHELLS and not block.text.startswith("#!") and script(block) is None)
    ):
        return None
    before = context.before
    told = _SENTENCE.split(before.text.strip())[-1] if isinstance(before, Prose) else ""
    return SyntaxStep(block=block, called_wrong=_CALLED_WRONG.search(told) is not None)


def is_printed(block: Block) -> bool:
    """Tell whether a block in the language of Nix is what Nix prints, not what it reads."""
    return block.language.lower() == "nix" and _PRINTED.match(block.text) is not None


def language_of(block: Block) -> str:
    """Return the language that a block is checked in: that of its first line where it says one.

    That is a shell's where it begins as a script, and another where `#!` names its interpreter.
    """
    language = block.language.lower()
    if language == "nix" and _SCRIPT.match(block.text):
        language = "bash"
    if language in SHELLS and (found := _INTERPRETER.match(block.text)):
        interpreter = found[2] or found[1]
        return language if interpreter in _SHELL_NAMES else interpreter
    return language


def announce(block: Block, stage: Stage) -> None:
    """Tell the stage that the syntax of ``block`` will be asked about."""
    language = language_of(block)
    if language == "nix":
        stage.syntax.announce([block.text])
    elif language in SHELLS:
        stage.scripts.announce([block.text])


def check(block: Block, stage: Stage, *, language: str) -> Verdict:
    """Return the verdict on a block's syntax as ``language``, one of `CHECKERS`."""
    begin = time.monotonic()
    error = CHECKERS[language](block.text, stage)
    seconds = time.monotonic() - begin
    if error is None:
        return Verdict(fate=Fate.PASSED, checked=Checked.PARSED, seconds=seconds)
    if language in SHELLS and _OUTPUT.search(error) and not block.text.startswith("#!"):
        return Verdict(fate=Fate.SKIPPED, reason=OUTPUTS_AMONG_COMMANDS, seconds=seconds)
    if _PYTHON_2 in error:
        return Verdict(fate=Fate.SKIPPED, reason="no checker for Python 2", seconds=seconds)
    if error.startswith(_NEWER_F_STRING) and sys.version_info < (3, 12):
        return Verdict(fate=Fate.SKIPPED, reason="no checker for Python 3.12", seconds=seconds)
    problem = f"this is not {_NAMES.get(language, language)}: {error}"
    return Verdict(
        fate=Fate.FAILED,
        reason=problem,
        seconds=seconds,
        mismatch=Mismatch(location=block.location, problem=problem),
        by_itself=True,
    )


def _nix(text: str, stage: Stage) -> str | None:
    """Return what is wrong with Nix code; what Nix prints as JSON is often shown as Nix too."""
    error = stage.syntax.ask(text)
    bare = re.sub(r"^\s*#.*\n?", "", text, flags=re.MULTILINE).lstrip()
    is_json = error is not None and bare.startswith(("{", "[", '"')) and not _json(bare, stage)
    return None if is_json else error


def _shell(text: str, stage: Stage) -> str | None:
    return stage.scripts.ask(text)


def _json(text: str, stage: Stage) -> str | None:
    plain = _without_comments(text)
    inside = plain.strip().rstrip(",")
    variants: tuple[str, ...] = (text, plain, f"{{{inside}}}")
    if inside != plain.strip() or _ENDS_ELIDED.search(text):
        variants += (inside + _closers(inside), f"{{{inside}{_closers(inside)}}}")
    return _first_error(variants, json.loads)


def _closers(text: str) -> str:
    """Return what closes the brackets that are open at the end of JSON that was cut off."""
    closers = ""
    for word in re.findall(r'"(?:[^"\\]|\\.)*"|[][{}]', text):
        if word in "[{":
            closers = ("]" if word == "[" else "}") + closers
        elif word in "]}":
            closers = closers[1:]
    return closers


def _toml(text: str, stage: Stage) -> str | None:
    """Return what is wrong with TOML; a key that is bound twice shows one way and another."""
    error = _first_error((text, _ELISION.sub("", text)), tomllib.loads)
    return None if error is not None and _ALTERNATIVES.match(error) else error


def _yaml(text: str, stage: Stage) -> str | None:
    return _first_error(
        (text, _ELISION.sub("", text)), lambda t: list(yaml.parse(t, Loader=yaml.SafeLoader))
    )


def _python(text: str, stage: Stage) -> str | None:
    if text.lstrip().startswith(">>>"):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is no syntax error
        return _first_error(
            (
                text,
                bare := textwrap.dedent(text),
                f"def f():\n{textwrap.indent(text, ' ')}",
                *(f"{bare.rstrip()}\n{deeper}pass" for deeper in _below(bare)),
                f"{bare}\ndef f(): pass",
                _ELISION.sub("", bare),
                _PRINTED_OBJECT.sub("placeholder", bare),
            ),
            ast.parse,
        )


def _below(text: str) -> tuple[str, str]:
    """Return the indentations at which a body may follow that is left out at the end."""
    last = text.rstrip().rpartition("\n")[2]
    here = last[: len(last) - len(last.lstrip())]
    return here, f"{here}    "


def _without_comments(text: str) -> str:
    """Return JSON without what authors and editors add: elisions, comments.

    Where there are such, a comma may be the last: what followed it is left out, or the reader is
    a program that takes both.
    """
    bare = re.sub(r"^\s*//.*$|/\*[^*\n]*\*/", "", text, flags=re.MULTILINE)
    bare = _ELISION.sub("", bare)
    bare = re.sub(r"([\[{,])\s*(?:\.\.\.|…)\s*(?=[\]}])", r"\1", bare)
    bare = re.sub(r"(:\s*)(?:\.\.\.|…)(?=\s*[,}])", r"\1null", bare)
    return bare if bare == text else re.sub(r",(?=\s*[\]}])", "", bare)


def _first_error(variants: tuple[str, ...], parse: Callable[[str], object]) -> str | None:
    """Return the error of the first variant where none of them parses."""
    errors = []
    for variant in variants:
        try:
            parse(variant)
        except (ValueError, SyntaxError, RecursionError, yaml.YAMLError) as error:
            errors.append(" ".join(str(error).split())[:300])
        else:
            return None
    return errors[0]


#: Languages by their tags in documents, and what is wrong with a text in them.
CHECKERS: dict[str, Callable[[str, Stage], str | None]] = {
    "nix": _nix,
    **dict.fromkeys(SHELLS, _shell),
    "json": _json,
    "toml": _toml,
    "yaml": _yaml,
    "yml": _yaml,
    "python": _python,
    "python3": _python,
    "py": _python,
}
_NAMES = {
    "nix": "Nix",
    "json": "JSON",
    "toml": "TOML",
    "yaml": "YAML",
    "yml": "YAML",
} | dict.fromkeys(("python", "python3", "py"), "Python")
_NAMES |= dict.fromkeys(SHELLS, "a shell script")
