"""A conf.py is changed where its lists stand, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.conf import Change, edited, read
from converters.separate import ProjectError

MYST = Change(extensions=("myst_parser",))


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ("extensions = []\n", 'extensions = ["myst_parser"]\n'),
        ("extensions = ()\n", 'extensions = ("myst_parser",)\n'),
        ("extensions = ['a']\n", "extensions = ['a', 'myst_parser']\n"),
        ("extensions = [\n    'a',\n]\n", "extensions = [\n    'a',\n    'myst_parser',\n]\n"),
        ("extensions = [\n    'a'\n]\n", "extensions = [\n    'a',\n    'myst_parser'\n]\n"),
        (
            "extensions = [\n  'a',  # why\n]\n",
            "extensions = [\n  'a',  # why\n  'myst_parser',\n]\n",
        ),
        ("extensions: list[str] = ['a']\n", "extensions: list[str] = ['a', 'myst_parser']\n"),
        ("é = ''; extensions = ['é']\n", "é = ''; extensions = ['é', 'myst_parser']\n"),
        (
            "extensions = ['a']\nextensions += ['b']\n",
            "extensions = ['a', 'myst_parser']\nextensions += ['b']\n",
        ),
        (
            "extensions = found()\n",
            'extensions = found()\n\nextensions = [*extensions, "myst_parser"]\n',
        ),
        (
            "from settings import extensions\n",
            'from settings import extensions\n\nextensions = [*extensions, "myst_parser"]\n',
        ),
        (
            "from settings import *\n",
            (
                "from settings import *\n\n"
                'extensions = [*globals().get("extensions", ()), "myst_parser"]\n'
            ),
        ),
        (
            "globals().update(settings())\n",
            (
                "globals().update(settings())\n\n"
                'extensions = [*globals().get("extensions", ()), "myst_parser"]\n'
            ),
        ),
        (
            "exec(open('shared.py').read())\n",
            (
                "exec(open('shared.py').read())\n\n"
                'extensions = [*globals().get("extensions", ()), "myst_parser"]\n'
            ),
        ),
        (
            "try:\n    import x\n    extensions = ['x']\nexcept ImportError:\n    pass\n",
            (
                "try:\n    import x\n    extensions = ['x']\nexcept ImportError:\n    pass\n\n"
                'extensions = [*globals().get("extensions", ()), "myst_parser"]\n'
            ),
        ),
        (
            "def setup(app):\n    extensions = []\n",
            'def setup(app):\n    extensions = []\n\nextensions = ["myst_parser"]\n',
        ),
        (
            "x = [extensions for extensions in ()]\n",
            'x = [extensions for extensions in ()]\n\nextensions = ["myst_parser"]\n',
        ),
        (
            "if x:\n    extensions = a()\nelse:\n    extensions = b()\nextensions = c()\n",
            (
                "if x:\n    extensions = a()\nelse:\n    extensions = b()\nextensions = c()\n\n"
                'extensions = [*extensions, "myst_parser"]\n'
            ),
        ),
        ("project = 'P'", "project = 'P'\n\nextensions = [\"myst_parser\"]\n"),
        ("", 'extensions = ["myst_parser"]\n'),
        ("x = 1\r\nextensions = []\r\n", 'x = 1\r\nextensions = ["myst_parser"]\r\n'),
    ],
)
def test_an_extension_is_added_where_the_list_stands(conf: str, expected: str) -> None:
    assert expected == edited(conf, MYST)
    ast.parse(expected)


def test_nothing_to_change_leaves_every_byte() -> None:
    conf = "extensions = [ 'a' , ]  # mine\r\n"
    assert conf == edited(conf, Change())


def test_settings_of_myst_are_added_below() -> None:
    change = Change(
        myst=("deflist", "colon_fence"),
        substitutions={"b": 'say "b"', "a": "A"},
        exclude=("README.md",),
        keep_footnotes=True,
    )
    assert (
        "exclude_patterns = ['_build', 'README.md']\n\n"
        'myst_enable_extensions = ["colon_fence", "deflist"]\n\n'
        "myst_footnote_sort = False\n"
        'myst_substitutions = {\n    "a": "A",\n    "b": "say \\"b\\"",\n}\n'
    ) == edited("exclude_patterns = ['_build']\n", change)


def test_own_substitutions_stay() -> None:
    change = Change(substitutions={"a": "A"})
    assert (
        'myst_substitutions = {"x": "X"}\n\n'
        'myst_substitutions = {\n    **myst_substitutions,\n    "a": "A",\n}\n'
    ) == edited('myst_substitutions = {"x": "X"}\n', change)


def test_a_conf_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "conf.py"
    path.write_bytes(b"# caf\xe9\n")
    with pytest.raises(ProjectError) as raised:
        read(path)
    assert raised.value.problem.startswith(f"{path} is no UTF-8: ")
    assert "Save it as UTF-8 first." == raised.value.remedy
