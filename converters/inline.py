"""How a paragraph's text is written: emphasis, code, links, roles, footnotes, substitutions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from docutils import nodes
from docutils.parsers.rst import directives

from converters import escaping, typography
from converters.escaping import Markup, Part, Text
from converters.page import Anchor, Goal, Link
from converters.pen import Pen, UnwritableError
from converters.recorder import DirectiveRecord, RoleRecord, path_of

#: Roles that are CommonMark's own.
_NATIVE_ROLES = {"literal": nodes.literal, "emphasis": nodes.emphasis, "strong": nodes.strong}

#: Roles that read backslashes themselves: their text is kept to the letter.
_RAW_ROLES = frozenset({"math", "raw", "eq"})

#: Substitutions that Sphinx itself defines.
_SPHINX_SUBSTITUTIONS = frozenset({"version", "release", "today", "translation progress"})

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_ROLE_NAME = re.compile(r"[a-zA-Z0-9_+:-]+")


def paragraph(pen: Pen, children: Iterable[nodes.Node]) -> str:
    """Return the text of a paragraph: inline markup in lines none of which starts a block."""
    return escaping.guard(phrase(pen, children))


def phrase(pen: Pen, children: Iterable[nodes.Node]) -> str:
    """Return inline markup that stands behind something else on its line."""
    return escaping.join(parts(pen, children), pen.syntax)


def heading(pen: Pen, children: Iterable[nodes.Node]) -> str:
    """Return a heading's text: one line, and no ``#`` at its end that would close it.

    Where Sphinx makes labels of headings as they are typed, code keeps its two backticks.
    """
    found: list[Part] = []
    for child in children:
        if isinstance(child, nodes.literal) and pen.surroundings.heading_labels:
            found.append(Markup(text=code_span(child.astext(), shortest=2)))
        else:
            found += _parts(pen, child)
    text = " ".join(escaping.join(found, pen.syntax).split("\n"))
    return re.sub(r"(^|\s)(#+)$", r"\1\\\2", text)


def parts(pen: Pen, children: Iterable[nodes.Node]) -> list[Part]:
    """Return what ``children`` say as text and markup, in order."""
    found: list[Part] = []
    stripping = False
    for child in children:
        following = _parts(pen, child)
        before, after = trims(pen, child)
        if before and found and isinstance(last := found[-1], Text):
            found[-1] = Text(text=last.text.rstrip())
        if stripping and following and isinstance(first := following[0], Text):
            following[0] = Text(text=first.text.lstrip())
        stripping = after
        found += following
    return found


def trims(pen: Pen, node: nodes.Node) -> tuple[bool, bool]:
    """Tell whether a substitution takes the white space before it, and after it."""
    if not isinstance(node, nodes.substitution_reference):
        return False, False
    definition, _ = _definition(pen, node.astext())
    options = {
        name
        for child in (definition.children if definition is not None else ())
        if isinstance(child, DirectiveRecord)
        for name in dict(child["options"])
    }
    return bool(options & {"trim", "ltrim"}), bool(options & {"trim", "rtrim"})


def _parts(pen: Pen, node: nodes.Node) -> list[Part]:
    match node:
        case nodes.Text():
            return [Text(text=typography.apart(node, pen.surroundings.quotes))]
        case nodes.emphasis():
            return [_emphasis(pen, "*", "emphasis", _plain(pen, node))]
        case nodes.strong():
            return [_emphasis(pen, "**", "strong", _plain(pen, node))]
        case nodes.literal():
            return [Markup(text=code_span(node.astext()))]
        case RoleRecord():
            return [_role(pen, node)]
        case nodes.reference():
            return _reference(pen, node)
        case nodes.target():
            return _target(pen, node)
        case nodes.footnote_reference():
            label = pen.page.note_of(node)
            if label is None:
                raise UnwritableError("a footnote mark that MyST has no spelling for")
            pen.footnotes = True
            return [Markup(text=f"[^{label}]")]
        case nodes.substitution_reference():
            return _substitution(pen, node)
        case DirectiveRecord() if node["name"].lower() == "image":
            return [Markup(text=_image(pen, node))]
        case _:
            raise UnwritableError(f"{node.__class__.__name__} in running text")


def _plain(pen: Pen, node: nodes.TextElement) -> str:
    texts = (child for child in node.children if isinstance(child, nodes.Text))
    return "".join(typography.apart(text, pen.surroundings.quotes) for text in texts)


def _emphasis(pen: Pen, delimiter: str, role: str, text: str) -> Markup:
    native = f"{delimiter}{escaping.join([Text(text=text)], pen.syntax)}{delimiter}"
    try:
        safe = role_span(role, text)
    except UnwritableError:
        safe = native
    return Markup(text=native, delimiter=delimiter, safe=safe)


def code_span(text: str, shortest: int = 1) -> str:
    """Return inline code that reads ``text``; line breaks in it stay where no block starts.

    It stands between ``shortest`` backticks, or more where the text needs that.
    """
    text = _joined(text)
    runs = {len(run) for run in re.findall("`+", text)}
    length = next(n for n in range(shortest, shortest + len(runs) + 1) if n not in runs)
    padded = text[:1] == "`" or text[-1:] == "`" or (text[:1] == text[-1:] == " " != text)
    space = " " if padded and text.strip() else ""
    ticks = "`" * length
    return f"{ticks}{space}{text}{space}{ticks}"


def role_span(name: str, text: str) -> str:
    """Return the role ``name`` on ``text``; raises UnwritableError where MyST cannot spell it."""
    if not _ROLE_NAME.fullmatch(name):
        raise UnwritableError(f"a role named {name!r}")
    text = _joined(text)
    if not text or text[0] == "`" or text[-1] == "`":
        raise UnwritableError(f"a role on {text!r}")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    return f"{{{name}}}{ticks}{text}{ticks}"


def _joined(text: str) -> str:
    """Join the lines of a text in which nothing can be escaped where one would start a block."""
    first, *rest = text.split("\n")
    for line in rest:
        first += f" {line.lstrip()}" if escaping.starts_block(line) else f"\n{line}"
    return first


def _role(pen: Pen, node: RoleRecord) -> Markup:
    name = node["name"] or pen.default_role or "title-reference"
    if name in pen.surroundings.roles:
        pen.roles.add(name)
    if name.lower() in _NATIVE_ROLES:
        match _NATIVE_ROLES[name.lower()]:
            case nodes.literal:
                return Markup(text=code_span(node["plain"]))
            case nodes.emphasis:
                return _emphasis(pen, "*", "emphasis", node["plain"])
            case _:
                return _emphasis(pen, "**", "strong", node["plain"])
    raw = name.lower() in _RAW_ROLES or (pen.careful and "\\" in node["text"])
    return Markup(text=role_span(name, node["text"] if raw else node["plain"]))


def _reference(pen: Pen, node: nodes.reference) -> list[Part]:
    goal = _goal(pen, node)
    inner = parts(_in_link(pen), node.children) if _nested(node) else parts(pen, node.children)
    text = escaping.join(inner, replace(pen.syntax, link=True))
    match goal:
        case Anchor(name=name):
            return [Markup(text=f"[{text}]({destination('#' + name)})")]
        case Link(uri=uri, label=label):
            if node.astext() in {uri, uri.removeprefix("mailto:")} and _autolinks(uri):
                return [Markup(text=f"<{node.astext()}>")]
            external = _external(pen, uri)
            if label is not None and not pen.careful and not pen.in_template:
                return [_labelled(node, text, label, external)]
            return [Markup(text=f"[{text}]({destination(uri)}){external}")]


def _nested(node: nodes.reference) -> bool:
    return any(not isinstance(child, nodes.Text) for child in node.children)


def _in_link(pen: Pen) -> Pen:
    return replace(pen, in_template=True)


def _goal(pen: Pen, node: nodes.reference) -> Goal:
    if "refuri" in node:
        return Link(uri=node["refuri"])
    goal = pen.page.anonymous.get(id(node)) if node.get("anonymous") else None
    goal = goal or pen.page.goals.get(node.get("refname", ""))
    if goal is None:
        raise UnwritableError(f"an unknown link goal, {node.astext()!r}")
    return goal


def _labelled(node: nodes.reference, text: str, label: str, external: str) -> Markup:
    if escaping.label(node.astext()) == escaping.label(label) and text == node.astext():
        return Markup(text=f"[{text}]{external}", delimiter="[", safe=f"[{text}][]{external}")
    return Markup(text=f"[{text}][{bracketed(label)}]{external}")


def bracketed(label: str) -> str:
    """Return a link label with what would end it escaped."""
    return re.sub(r"([\[\]\\])", r"\\\1", label)


def _autolinks(uri: str) -> bool:
    """Tell whether ``<uri>`` is a link that shows just ``uri``."""
    if not uri.isascii() or re.search(r"[\s<>\\%`]", uri):
        return False
    if uri.startswith("mailto:"):
        return bool(re.fullmatch(r"mailto:[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)*", uri))
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:", uri))


def _external(pen: Pen, uri: str) -> str:
    """Return the attribute that keeps MyST from looking for a page of the site at ``uri``."""
    scheme = _SCHEME.match(uri)
    if scheme is not None and scheme[0] in pen.surroundings.url_schemes:
        return ""
    pen.used.add("attrs_inline")
    return "{.external}"


def destination(uri: str) -> str:
    """Return ``uri`` as a link's destination, in angle brackets where it needs them."""
    uri = re.sub(r"&(?=#?\w+;)", "&amp;", uri)
    uri = uri.replace("`", "%60")
    if not uri or re.search(r"[\s<]", uri) or not _balanced(uri):
        return "<" + re.sub(r"([<>])", r"\\\1", uri.replace("\n", " ")) + ">"
    return re.sub(r"\\(?=[!-/:-@\[-`{-~])", r"\\\\", uri)


def _balanced(uri: str) -> bool:
    depth = 0
    for character in uri:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


def _target(pen: Pen, node: nodes.target) -> list[Part]:
    """Write an inline target; the one that an embedded address makes says nothing of its own."""
    if "refuri" in node or "refname" in node or not node.children:
        return []
    names = node["names"] or node["dupnames"]
    text = escaping.join([Text(text=node.astext())], replace(pen.syntax, link=True))
    pen.used.add("attrs_inline")
    name = str(names[0])
    attribute = f"#{name}" if re.fullmatch(r"[\w.-]+", name) else f'id="{name}"'
    return [Markup(text=f"[{text}]{{{attribute}}}")]


def _substitution(pen: Pen, node: nodes.substitution_reference) -> list[Part]:
    name = node.astext()
    definition, shared = _definition(pen, name)
    if definition is None:
        if name.lower() in _SPHINX_SUBSTITUTIONS:
            return [Markup(text=role_span("sub-ref", name.lower()))]
        raise UnwritableError(f"an unknown substitution, {name!r}")
    if pen.careful or pen.in_template or any(trims(pen, node)):
        return expansion(pen, definition)
    key = _key(pen, name)
    if shared:
        pen.shared[key] = template(pen, definition)
    else:
        pen.substitutions[key] = template(pen, definition)
    pen.used.add("substitution")
    return [Markup(text=f"{{{{ {key} }}}}")]


def _key(pen: Pen, name: str) -> str:
    """Return the template's name of a substitution: its signs in words where others are alike."""
    key = substitution_key(name)
    others = {*pen.page.substitutions, *pen.surroundings.substitutions} - {name}
    if name == key or all(substitution_key(other) != key for other in others):
        return key
    words = (c if c.isalnum() else f"_{unicodedata.name(c, '').lower()}_" for c in name)
    return substitution_key("".join(words))


def substitution_key(name: str) -> str:
    """Return the name that a template can use for the substitution ``name``."""
    key = re.sub(r"\W+", "_", name).strip("_")
    return key if key.isidentifier() else f"_{key}"


def _definition(pen: Pen, name: str) -> tuple[nodes.substitution_definition | None, bool]:
    for known, shared in ((pen.page.substitutions, False), (pen.surroundings.substitutions, True)):
        if name in known:
            return known[name], shared
        for other, definition in known.items():
            if other.lower() == name.lower():
                return definition, shared
    return None, False


def template(pen: Pen, definition: nodes.substitution_definition) -> str:
    """Return the MyST text that a substitution stands for, free of the page's link labels."""
    inside = replace(pen, in_template=True)
    inside.used = pen.used
    return escaping.join(expansion(inside, definition), pen.syntax).replace("\n", " ")


def expansion(pen: Pen, definition: nodes.substitution_definition) -> list[Part]:
    """Return what a substitution stands for."""
    found: list[Part] = []
    for child in definition.children:
        if not isinstance(child, DirectiveRecord):
            found += _parts(pen, child)
        elif child["name"].lower() == "replace":
            body = [node for node in child.children if isinstance(node, nodes.paragraph)]
            if len(body) != 1:
                raise UnwritableError("a substitution of more than a paragraph")
            found += parts(pen, body[0].children)
        elif child["name"].lower() == "unicode":
            found.append(Text(text=characters(child)))
        elif child["name"].lower() == "image":
            found.append(Markup(text=_image(pen, child, alt=definition["names"][0])))
        else:
            raise UnwritableError(f"a substitution by {child['name']!r}")
    return found


def characters(node: DirectiveRecord) -> str:
    """Read the codes of a ``unicode`` directive; a comment after them is no part of it."""
    text = re.split(r"(?:^|[ \n])\.\. ", node["argument"] or "")[0]
    try:
        return "".join(directives.unicode_code(code) for code in text.split())
    except ValueError:
        raise UnwritableError(f"unknown character codes, {text!r}") from None


def _image(pen: Pen, node: DirectiveRecord, alt: str = "") -> str:
    options = dict(node["options"])
    uri = path_of(node)
    text = escaping.join([Text(text=options.pop("alt", alt))], replace(pen.syntax, link=True))
    target = options.pop("target", "")
    names = {"width": "width", "height": "height", "align": "align"}
    if not options.keys() <= {*names, "class"} or target.endswith("_"):
        raise UnwritableError("an image in running text with more options than MyST has")
    written = [
        f"{names[name]}={_quoted(value)}" for name, value in options.items() if name in names
    ]
    written += [f".{word}" for word in options.get("class", "").split()]
    image = f"![{text}]({destination(uri)})"
    if written:
        pen.used.add("attrs_inline")
        image += "{" + " ".join(written) + "}"
    return f"[{image}]({destination(target)}){_external(pen, target)}" if target else image


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w-]+", value) else f'"{value}"'
