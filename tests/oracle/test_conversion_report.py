"""What a migration's reports say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from converters.migration import Kept, Mention, Migration, PageFate, PageOutcome
from converters.oracle import Anchor, PageProof, SiteProof, Warned
from converters.report import dumps, markdown, summary, totals


def page(path: str, *kept: Kept, fate: PageFate = PageFate.PROVEN) -> PageOutcome:
    name = path.removesuffix(".rst")
    return PageOutcome(
        name=name, path=path, target=f"{name}.md", fate=fate, text="x", kept=kept, blocks=10
    )


LEFT = replace(
    page("c.rst", fate=PageFate.LEFT),
    reason="text at paragraph:\n'a' became 'b'",
    line=3,
    construct="paragraph",
)
PROOF = SiteProof(
    pages=(PageProof(page="a", differences=(), blocks=10, equal_blocks=10),),
    lost_anchors=(("a", Anchor(fragment="place", of="paragraph")),),
    moved_anchors=(("a", Anchor(fragment="id1", of="section '中'", counted=True)),),
    new_warnings=(
        Warned(page="a", line=3, message="lost\nlabel", slug="ref.ref"),
        Warned(page="", line=None, message="of the site"),
    ),
)
WHOLE = Migration(
    source=Path("/p/docs"),
    root=Path("/p"),
    pages=(
        page("a.rst"),
        page(
            "b.rst",
            Kept(line=7, construct="table", blocks=1, autodoc=False),
            Kept(line=2, construct="directive autoclass", blocks=2, autodoc=True),
            Kept(line=9, construct="directive autoclass", blocks=1, autodoc=True),
        ),
        LEFT,
    ),
    conf=(Path("/p/docs/conf.py"), "new"),
    edits={"c.rst": "new"},
    mentions=(Mention(path="README.md", line=4, text="see `docs/a.rst`"),),
    proof=PROOF,
)
EMPTY = Migration(source=Path("/p"), root=Path("/p"), pages=())


def test_the_summary_counts_pages_and_blocks() -> None:
    assert (
        "3 pages: 1 proven, 1 proven with RST in them, 1 left; 4 blocks of 30 kept as RST, "
        "3 of them autodoc; 1 anchor lost, 2 new warnings"
    ) == summary(WHOLE)


def test_the_summary_of_nothing_is_all_zero() -> None:
    assert (
        "0 pages: 0 proven, 0 proven with RST in them, 0 left; 0 blocks of 0 kept as RST; "
        "0 anchors lost, 0 new warnings"
    ) == summary(EMPTY)


def test_the_markdown_has_every_page_and_why() -> None:
    assert markdown(WHOLE) == (Path(__file__).parent / "report.txt").read_text("utf-8")


def test_the_markdown_of_nothing_is_a_heading_and_the_summary() -> None:
    assert f"# Migration from RST to MyST\n\n{summary(EMPTY)}.\n" == markdown(EMPTY)


def test_the_json_is_the_same_as_data() -> None:
    read = json.loads(dumps(WHOLE))
    assert 1 == read["version"]
    assert ["proven", "proven", "left"] == [found["fate"] for found in read["pages"]]
    assert ["a.md", "b.md", ""] == [found["target"] for found in read["pages"]]
    assert {"line": 7, "construct": "table", "blocks": 1, "autodoc": False} == read["pages"][1][
        "kept"
    ][0]
    assert (3, "paragraph", LEFT.reason) == tuple(
        read["pages"][2][key] for key in ("line", "construct", "reason")
    )
    assert ("docs/conf.py", ["c.rst"]) == (read["conf"], read["edits"])
    assert [{"path": "README.md", "line": 4, "text": "see `docs/a.rst`"}] == read["mentions"]
    assert [{"page": "a", "fragment": "place", "of": "paragraph"}] == read["lost_anchors"]
    assert ["id1"] == [found["fragment"] for found in read["moved_anchors"]]
    assert ["lost\nlabel", "of the site"] == [found["message"] for found in read["new_warnings"]]
    assert totals(WHOLE) == read["totals"]


def test_the_json_of_nothing_has_all_keys() -> None:
    assert json.loads(dumps(WHOLE)).keys() == json.loads(dumps(EMPTY)).keys()
    assert "" == json.loads(dumps(EMPTY))["conf"]


def test_a_conf_outside_the_project_is_named_by_its_file() -> None:
    assert "conf.py" == json.loads(dumps(replace(WHOLE, conf=(Path("/q/conf.py"), "new"))))["conf"]


def test_inline_code_holds_any_marks() -> None:
    mention = Mention(path="a", line=1, text="`a` and ``b``")
    assert "``` `a` and ``b`` ```" in markdown(replace(WHOLE, mentions=(mention,)))
