"""The oracle against an independent witness: the HTML that Sphinx writes of the same pages."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from oracle_cases import EDITS, HARMLESS, MYST, PAIRS, write_site

#: Elements that only group, and those that stand beside the page's text.
NEUTRAL = {"div", "span", "section", "colgroup", "tbody"}
#: Attributes that a reader can tell.
SEEN = {"href", "src", "alt", "start", "colspan", "rowspan", "style", "title", "download"}
COUNTED = re.compile(r"#(?:id|index-|toc-entry-)\d+$")


@dataclass
class Body(HTMLParser):
    """What a reader has of a page: its words, elements and links, in order."""

    seen: list[str] = field(default_factory=list)
    depth: int = 0
    skipped: int = 0
    preformatted: int = 0
    #: The ids of each section, whose first one it has itself and the others just inside.
    sections: list[list[str]] = field(default_factory=list)
    opening: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.opening = tag == "section" or (self.opening and tag == "span")
        if self.opening:
            self.sections += [[]] if tag == "section" else []
            self.sections[-1].append(given.get("id", ""))
        if given.get("role") in ("doc-noteref", "doc-backlink"):
            given["href"] = "#counted"
        if "href" in given:  # as a browser asks for it
            given["href"] = quote(given["href"], safe=";/?:@&=+$,-_.!~*'()#%")
        if tag == "div" and (self.depth or given.get("class") == "body"):
            self.depth += 1
        if not self.depth:
            return
        if self.skipped or given.get("class") == "headerlink":
            self.skipped += tag == "a"
            return
        self.preformatted += tag == "pre"
        if tag not in NEUTRAL:
            shown = {k: COUNTED.sub("#counted", v) for k, v in given.items() if k in SEEN}
            self.seen.append(f"<{tag} {sorted(shown.items())}>")

    def handle_endtag(self, tag: str) -> None:
        if not self.depth:
            return
        self.depth -= tag == "div"
        self.preformatted -= tag == "pre"
        if self.skipped:
            self.skipped -= tag == "a"
        elif tag not in NEUTRAL and self.depth:
            self.seen.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.depth and not self.skipped:
            self.seen += [data] if self.preformatted else data.split()


def raw(path: Path) -> str:
    """Return the HTML of a page's body, classes, ids and all."""
    text = path.read_text()
    return text[text.index('<div class="body"') : text.index('<div class="sphinxsidebar"')]


def read(path: Path) -> list[str]:
    body = Body()
    body.feed(path.read_text())
    assert body.seen, f"{path} has no body"
    first = {f"'#{one}'": f"'#{min(ids)}'" for ids in body.sections for one in ids}
    return [re.sub(r"'#[\w-]+'", lambda m: first.get(m[0], m[0]), piece) for piece in body.seen]


def html(source: Path) -> Path:
    """Build ``source`` with Sphinx's own command and return the folder of its HTML."""
    options = "\n".join(f"{name} = {value!r}" for name, value in MYST.items())
    settings = (source / "conf.py").read_text()
    (source / "conf.py").write_text(f"{settings}extensions.append('myst_parser')\n{options}\n")
    made = source.parent / "html"
    plain = ["-D", "html_theme=basic", "-D", "html_use_index=0"]  # without the site around a page
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *plain, str(source), str(made)]
    subprocess.run(command, check=True, stderr=subprocess.PIPE, timeout=240)
    return made


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baseline")
    cases = [*PAIRS, *HARMLESS, *EDITS]
    return html(write_site(folder / "s", {f"{case.page}.rst": case.baseline for case in cases}))


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("candidate")
    pages = {f"{case.page}.md": case.candidate for case in PAIRS}
    pages |= {f"{case.page}.rst": case.candidate for case in [*HARMLESS, *EDITS]}
    return html(write_site(folder / "s", pages))


def test_what_the_oracle_calls_equal_has_equal_html(baseline: Path, candidate: Path) -> None:
    differing = {
        case.title: (before, after)
        for case in [*PAIRS, *HARMLESS]
        if (before := read(baseline / f"{case.page}.html"))
        != (after := read(candidate / f"{case.page}.html"))
    }
    assert {} == differing


def test_what_the_oracle_notices_is_no_false_alarm(baseline: Path, candidate: Path) -> None:
    unseen = [
        case.title
        for case in EDITS
        if raw(baseline / f"{case.page}.html") == raw(candidate / f"{case.page}.html")
    ]
    assert [case.title for case in EDITS if "(not in the " in case.title] == unseen
