"""Whether a text is Nix, in any of the forms in which documentation shows it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable

from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import Ended, Sandbox

#: How documentation shows Nix, most complete first: a whole file, attributes without their
#: braces, a header without its body, list members, the rest of a set that began above.
#: ``with {};`` makes Nix accept names that the text does not bind.
FORMS: tuple[tuple[str, str], ...] = (
    ("with {};", ""),
    ("with {};{", "\n}"),
    ("with {};", "\nnull"),
    ("with {};[", "\n]"),
)

_ELISION_LINE = re.compile(
    r"^[ \t]*(?:#[ \t]*)?(?:\.\.\.|…|\[(?:\.\.\.|…)\])[ \t]*;?[ \t]*$", re.MULTILINE
)
_ELIDED_SET = re.compile(r"\{\s*(?:\.\.\.|…)\s*\}(?!\s*[:@])")
_ELIDED_LIST = re.compile(r"\[\s*(?:\.\.\.|…)\s*\]")
_ELIDED_VALUE = re.compile(r"(?<=[=(:])(\s*)(?:\.\.\.|…)(?=\s*[;)])")

_SCRIPT = """\
directory=$(mktemp -d) && cd "$directory" || exit 3
command -v nix-instantiate > /dev/null || exit 4
"""
_TIMEOUT = 120.0


class SyntaxChecker:
    """Checks many texts with few processes: all that was announced, at the first question."""

    def __init__(self, sandbox: Callable[[], Sandbox]) -> None:
        """``sandbox`` returns a started sandbox with Nix."""
        self._sandbox = sandbox
        self._announced: list[str] = []
        self._errors: dict[str, str | None] = {}

    def announce(self, texts: Iterable[str]) -> None:
        """Tell which texts will be asked about."""
        self._announced += texts

    def error(self, text: str) -> str | None:
        """Return what Nix says is wrong with ``text``, None where it parses in some form.

        The message is about the form of a whole file, its lines those of ``text``.
        """
        if text not in self._errors:
            asked = [t for t in dict.fromkeys([*self._announced, text]) if t not in self._errors]
            self._announced = []
            self._errors.update(self._check(asked))
        return self._errors[text]

    def _check(self, texts: list[str]) -> dict[str, str | None]:
        first: dict[str, str] = {}
        parsed: set[str] = set()
        for before, after in FORMS:
            for variant in (_as_it_is, without_elisions):
                left = [t for t in texts if t not in parsed]
                if not left or (variant is not _as_it_is and all(variant(t) == t for t in left)):
                    continue
                forms = [before + variant(text) + after for text in left]
                for text, error in zip(left, self._parse(forms), strict=True):
                    if error is None:
                        parsed.add(text)
                    else:
                        first.setdefault(text, error)
        return {text: None if text in parsed else first[text] for text in texts}

    def _parse(self, texts: list[str]) -> list[str | None]:
        """Run Nix's own parser on each text, in one process of the sandbox."""
        end = f"END-{secrets.token_hex(8)}"
        script = [_SCRIPT]
        for number, text in enumerate(texts):
            script.append(f"cat > {number}.nix <<'{end}'\n{text}\n{end}\n")
            script.append(
                f"nix-instantiate --parse {number}.nix > /dev/null 2> error"
                f" && echo '{end} {number}' || {{ echo '{end} {number} error'; cat error; }}\n"
            )
        script.append('cd / && rm -rf "$directory"\n')
        completed = self._sandbox().run(
            ["sh", "-s"], stdin="".join(script).encode("utf-8", "surrogateescape"), timeout=_TIMEOUT
        )
        if completed.ended is not Ended.EXITED or completed.exit_code != 0:
            missing = completed.exit_code == 4
            raise SandboxError(
                Slug.NIX_MISSING if missing else Slug.SANDBOX_GONE,
                "there is no nix-instantiate in the sandbox"
                if missing
                else f"the syntax check did not end well: {completed.output.strip()[-200:]!r}",
                remedy="Choose an image with Nix, `--nix-image`." if missing else "",
            )
        results: list[str | None] = []
        for answer in completed.output.split(f"{end} ")[1:]:
            head, _, message = answer.partition("\n")
            results.append(_wording(message) if head.endswith("error") else None)
        return results


def without_elisions(text: str) -> str:
    """Return ``text`` without what only says that something is left out: `...` and `…`."""
    text = _ELISION_LINE.sub("", text)
    text = _ELIDED_SET.sub("{ }", text)
    text = _ELIDED_LIST.sub("[ ]", text)
    return _ELIDED_VALUE.sub(r"\1null", text)


def _as_it_is(text: str) -> str:
    return text


def _wording(message: str) -> str:
    """Return the error's own words and its line, without the temporary file's name."""
    found = re.search(
        r"error:\s*(.*?)(?:,? at \S*?:(\d+):\d+:?|\n\s*at \S*?:(\d+):\d+:)", message, re.DOTALL
    )
    if found is None:
        return " ".join(message.split())[:300]
    line = found[2] or found[3]
    return f"line {line} of the block: {' '.join(found[1].split())}"
