"""What a page's references mean: its labels, links, footnotes and substitutions, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from docutils import nodes

from converters.recorder import DirectiveRecord, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A goal on the page itself, as MyST names it after ``#``."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A goal elsewhere; ``label`` is that of its link definition on the page, None for none."""

    uri: str
    label: str | None = None


Goal = Anchor | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The names of a page and what they stand for; keys of ``goals`` are normalised names.

    ``anonymous`` maps the id of an anonymous reference's node to the goal it has by its order.
    ``notes`` maps the id of a footnote's or footnote reference's node to its MyST label.
    ``substitutions`` maps a name to its definition's node.  ``labels`` are those of the page's
    link definitions, ``repeated`` the ids of those that say once more what one above them says.
    ``linked`` are the anchors of headings that a link on the page names by their text.
    """

    goals: Mapping[str, Goal] = field(default_factory=dict)
    anonymous: Mapping[int, Goal] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    substitutions: Mapping[str, nodes.substitution_definition] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    repeated: frozenset[int] = frozenset()
    linked: frozenset[str] = frozenset()

    def note_of(self, mark: nodes.footnote_reference) -> str | None:
        """Return the MyST label that a footnote's mark has, None where there is none.

        A mark that a directive reads itself, in its argument, is found by its name.
        """
        name = mark.get("refname")
        return self.notes.get(id(mark)) or (name if name in self.notes.values() else None)


def survey(
    record: Record,
    *,
    links: Mapping[str, str] | None = None,
    substitutions: Mapping[str, nodes.substitution_definition] | None = None,
) -> Page:
    """Find what every name of the page stands for.

    ``links`` are names that are defined outside the page (a prolog, an included file) and their
    URIs, ``substitutions`` such as an included file defines; the page's own come first.
    """
    headings = dict(_sections(record.document))
    raw: dict[str, Goal | str] = dict(headings)  # the weakest, as in docutils
    raw |= {name: Link(uri=uri) for name, uri in (links or {}).items()}
    raw |= dict(_targets(record.document))
    goals = {name: goal for name in raw if (goal := _follow(name, raw)) is not None}
    anonymous = dict(_anonymous(record.document, goals))
    own = {id(goal) for goal in headings.values()}
    named = (goals.get(n.get("refname", "")) for n in record.document.findall(nodes.reference))
    return Page(
        goals=goals,
        anonymous=anonymous,
        linked=frozenset(
            goal.name
            for goal in (*named, *anonymous.values())
            if isinstance(goal, Anchor) and id(goal) in own
        ),
        notes=dict(_notes(record.document)),
        substitutions={**(substitutions or {}), **substitutions_of(record.document)},
        labels=frozenset(
            goal.label
            for goal in goals.values()
            if isinstance(goal, Link) and goal.label is not None
        ),
        repeated=frozenset(_repeated(record.document)),
    )


def substitutions_of(document: nodes.document) -> dict[str, nodes.substitution_definition]:
    """Return the substitutions that a document defines, by their names."""
    return {
        name: node
        for node in document.findall(nodes.substitution_definition)
        for name in node["names"]
    }


def written_name(target: nodes.target) -> str:
    """Return a target's name as the author wrote it, white space normalised."""
    source = target.rawsource.lstrip()
    if source.startswith(".. _"):
        body = source[4:]
        name = body[1:].split("`")[0] if body.startswith("`") else _until_colon(body)
        name = " ".join(name.replace("\\", "").split())
        if nodes.fully_normalize_name(name) in target["names"]:
            return name
    names = target["names"] or target["dupnames"]
    return str(names[0]) if names else ""


def _until_colon(text: str) -> str:
    escaped = False
    for index, character in enumerate(text):
        if character == ":" and not escaped and text[index + 1 : index + 2].strip() == "":
            return text[:index]
        escaped = character == "\\" and not escaped
    return text


def _sections(document: nodes.document) -> Iterator[tuple[str, Goal]]:
    for section in document.findall(nodes.section):
        title = section.next_node(nodes.title)
        text = title.astext() if title is not None else ""
        yield nodes.fully_normalize_name(text), Anchor(name=nodes.make_id(text))


def _targets(document: nodes.document) -> Iterator[tuple[str, Goal | str]]:
    """Yield each target's names and what they lead to; a string is another name to follow."""
    for target in document.findall(nodes.target):
        names = [*target["names"], *target["dupnames"]]
        end = _propagated(target)
        for name in names:
            if "refuri" in end:
                own = end is target and is_definition(target)
                yield name, Link(uri=end["refuri"], label=name if own else None)
            elif "refname" in end:
                yield name, str(end["refname"])
            else:
                yield name, Anchor(name=name)
    for node in document.findall(DirectiveRecord):
        label = dict(node["options"]).get("name")
        if label:
            name = nodes.fully_normalize_name(label)
            yield name, Anchor(name=name)


def _repeated(document: nodes.document) -> Iterator[int]:
    known: set[tuple[str, str]] = set()
    for target in document.findall(nodes.target):
        if "refuri" in target and is_definition(target):
            said = {(name, target["refuri"]) for name in (*target["names"], *target["dupnames"])}
            if said and said <= known:
                yield id(target)
            known |= said


def _propagated(target: nodes.target) -> nodes.target:
    """Return the target that gives ``target`` its goal: targets in a row share the last one's."""
    while "refuri" not in target and "refname" not in target and not target.children:
        following = target.next_node(descend=False, siblings=True)
        if not isinstance(following, nodes.target) or following.children:
            break
        target = following
    return target


def is_definition(target: nodes.target) -> bool:
    """Tell whether a target stands where CommonMark's link definitions reach the whole page."""
    parent = target.parent
    while parent is not None:
        if isinstance(parent, (DirectiveRecord, nodes.entry, nodes.substitution_definition)):
            return False
        if isinstance(parent, nodes.TextElement):
            return False
        parent = parent.parent
    return True


def _follow(name: str, raw: Mapping[str, Goal | str]) -> Goal | None:
    seen: set[str] = set()
    goal: Goal | str | None = name
    while isinstance(goal, str):
        if goal in seen:
            return None
        seen.add(goal)
        goal = raw.get(goal)
    return goal


def _anonymous(document: nodes.document, goals: Mapping[str, Goal]) -> Iterator[tuple[int, Goal]]:
    targets = [target for target in document.findall(nodes.target) if target.get("anonymous")]
    references = [node for node in document.findall(nodes.reference) if node.get("anonymous")]
    for reference, target in zip(references, targets, strict=False):
        end = _propagated(target)
        if "refuri" in end:
            yield id(reference), Link(uri=end["refuri"])
        elif "refname" in end and end["refname"] in goals:
            yield id(reference), goals[end["refname"]]
        elif end["names"]:
            yield id(reference), Anchor(name=end["names"][0])


def _notes(document: nodes.document) -> Iterator[tuple[int, str]]:
    """Yield labels for footnotes and their references.

    MyST has numbers, which are kept, and names; a footnote without a name gets one.  The n-th
    ``[#]_`` refers to the n-th ``.. [#]``.
    """
    bare = 0
    taken = {name for node in document.findall(nodes.footnote) for name in node["names"]}
    names: list[str] = []
    for note in document.findall(nodes.footnote):
        if note["names"] or note["dupnames"]:
            yield id(note), str([*note["names"], *note["dupnames"]][0])
        elif note.get("auto") == 1:
            bare += 1
            while f"note-{bare}" in taken:
                bare += 1
            names.append(f"note-{bare}")
            yield id(note), names[-1]
    remaining = iter(names)
    for reference in document.findall(nodes.footnote_reference):
        if reference.get("refname"):
            yield id(reference), str(reference["refname"])
        elif reference.get("auto") == 1:
            following = next(remaining, None)
            if following is not None:
                yield id(reference), following
