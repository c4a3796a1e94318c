"""Which module may import which: dependencies go one way, and each foreign library has one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("doctest_nix", "converters")

#: The layers, lowest first.  A module imports from its own layer and those below.  One that is not
#: named belongs to the lowest: rules on text and frozen data, which know neither sandbox nor steps.
LAYERS: tuple[tuple[str, ...], ...] = (
    (),
    ("doctest_nix.sandbox",),
    (
        "doctest_nix.ahead",
        "doctest_nix.batch",
        "doctest_nix.evaluation",
        "doctest_nix.modules",
        "doctest_nix.scripts",
        "doctest_nix.stage",
        "doctest_nix.syntax",
    ),
    ("doctest_nix.steps", "doctest_nix.formats"),
    ("doctest_nix.plan",),
    (
        "doctest_nix.run",
        "doctest_nix.runs",
        "doctest_nix.report",
        "doctest_nix.update",
        "doctest_nix.warming",
        "doctest_nix.lock",
    ),
    ("converters",),
    ("doctest_nix.items",),
    ("doctest_nix.plugin", "doctest_nix.__main__", "doctest_nix.page_rst"),
)

#: What a part may import of the project, where the layers would allow more.
BOUNDS = {
    "doctest_nix.sandbox": (
        "doctest_nix.attempt",
        "doctest_nix.config",
        "doctest_nix.document",
        "doctest_nix.errors",
        "doctest_nix.sandbox",
        "doctest_nix.screen",
    ),
    "doctest_nix.formats": (
        "doctest_nix.document",
        "doctest_nix.errors",
        "doctest_nix.formats",
    ),
    "converters": (
        "converters",
        "doctest_nix.document",
        "doctest_nix.errors",
        "doctest_nix.formats",
    ),
    "doctest_nix.document": (),
    "doctest_nix.errors": (),
    "doctest_nix.config": (),
}

#: Who may import a library.
DOORS = {
    "pytest": ("doctest_nix.plugin", "doctest_nix.items"),
    "_pytest": ("doctest_nix.items",),
    "xdist": ("doctest_nix.plugin",),
    "docutils": ("doctest_nix.formats.rst", "converters", "doctest_nix.page_rst"),
    "sphinx": ("converters", "doctest_nix.page_rst"),
    "myst_parser": ("converters", "doctest_nix.page_rst"),
    "docker": (
        "doctest_nix.sandbox.container",
        "doctest_nix.sandbox.docker",
        "doctest_nix.sandbox.image",
        "doctest_nix.sandbox.warm_image",
    ),
    "requests": ("doctest_nix.sandbox.image",),
    "subprocess": ("doctest_nix.sandbox", "converters.commands", "converters.separate"),
    "pty": ("doctest_nix.sandbox",),
}


def test_imports_go_down_the_layers() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, imported in own_imports()
        if layer(imported) > layer(module)
    ]
    assert [] == wrong


def test_a_part_imports_what_its_bounds_allow() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, imported in own_imports()
        for part, allowed in BOUNDS.items()
        if inside(module, (part,)) and not inside(imported, allowed)
    ]
    assert [] == wrong


def test_a_library_is_imported_behind_its_door() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, source in sources()
        for imported in imports(source, module)
        if not inside(module, DOORS.get(imported.partition(".")[0], (module,)))
    ]
    assert [] == wrong


def test_no_module_imports_itself_through_others() -> None:
    graph: dict[str, set[str]] = {}
    for module, imported in own_imports():
        graph.setdefault(module, set()).add(imported)
    assert [] == [module for module in graph if module in reachable(graph, module)]


def test_only_a_command_ends_the_program() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, source in sources()
        if not module.endswith((".__main__", "converters.separate"))  # its forks end by _exit
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("sys.exit", "os._exit", "exit", "quit", "SystemExit")
    ]
    assert [] == wrong


def test_an_import_is_seen_wherever_it_stands() -> None:
    source = "import a.b\ndef f():\n    from c import d\nif TYPE_CHECKING:\n    from . import e\n"
    assert ["a.b", "c", "doctest_nix.steps"] == list(imports(source, "doctest_nix.steps.x"))


def test_a_module_imported_from_its_package_is_seen_as_itself() -> None:
    source = "from doctest_nix import errors, __version__\n"
    assert ["doctest_nix.errors", "doctest_nix"] == list(imports(source, "doctest_nix.x"))


def own_imports() -> Iterator[tuple[str, str]]:
    """Yield each module of the project with each other one that it imports."""
    for module, source in sources():
        for imported in imports(source, module):
            if inside(imported, PACKAGES) and imported not in (module, *PACKAGES):
                yield module, imported


def sources() -> Iterator[tuple[str, str]]:
    """Yield each module's dotted name and text; a package is named as its `__init__`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, path.read_text(encoding="utf-8")


def imports(source: str, module: str) -> Iterator[str]:
    """Yield the modules that ``source`` imports, those in functions and type checks included."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=origin, names=names, level=level):
                if level:
                    package = ".".join(module.split(".")[:-level])
                    origin = f"{package}.{origin}" if origin else package
                assert origin is not None
                yield from dict.fromkeys(
                    f"{origin}.{name.name}" if exists(f"{origin}.{name.name}") else origin
                    for name in names
                )
            case _:
                pass


def exists(module: str) -> bool:
    """Tell whether the project has a module of that name."""
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def inside(module: str, parts: tuple[str, ...]) -> bool:
    """Tell whether ``module`` is one of ``parts`` or below it."""
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def layer(module: str) -> int:
    """Return the number of the module's layer, 0 being the lowest."""
    return next((n for n, parts in enumerate(LAYERS) if inside(module, parts)), 0)


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return what ``start`` imports, directly or not."""
    found: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += graph.get(module, ())
    return found
