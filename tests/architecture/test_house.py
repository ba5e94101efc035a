"""The house: its rooms are ours, its names are the glossary's, nothing in it has grown too long.

Who may import whom is held by import-linter (pyproject.toml), style by ruff.
"""

import ast
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from blocks.ids import Action
from handlers.slack.table import BUTTONS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LONGEST_FUNCTION = 50
LONGEST_FILE = 300
MOST_ENTRIES = 20
# Names that say nothing about what is inside.
VAGUE = re.compile(r"(?i)(manager|helper|utils?|impl|commons?|misc)$")
# Split, so that this file does not name them either.
REGISTRIES = [
    ".".join(parts)
    for parts in [
        *(("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com")),
        *(("conda", "anaconda", "org"), ("index", "crates", "io"), ("registry", "npmmirror", "com")),
    ]
]


def test_the_rooms_are_those_of_the_plan() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert set(ROOMS) == folders
    assert set(ROOMS) == {
        *("agents", "blocks", "bot", "domain", "handlers", "integrations", "manifests", "sandbox"),
        *("scheduler", "storage", "workflows"),
    }
    assert PROJECT["tool"]["importlinter"]["root_packages"] == ROOMS
    assert PROJECT["tool"]["mypy"]["packages"] == ROOMS


@pytest.mark.parametrize("place", ["at home", "elsewhere"])
def test_every_top_level_name_is_ours_with_the_dependencies_beside_it(place: str, tmp_path: Path) -> None:
    """`agents`, for one, is also what a well-known package installs."""
    found = resolve(ROOT if place == "at home" else tmp_path)

    assert {name: Path(origin).parent for name, origin in found.items()} == {
        name: ROOT / name for name in ROOMS
    }


def test_no_dependency_brings_one_of_our_names() -> None:
    installed = packages_distributions()

    assert {name: installed[name] for name in ROOMS if set(installed.get(name, [])) - {"quarterdeck"}} == {}
    assert not set(ROOMS) & sys.stdlib_module_names


def test_every_button_that_is_listened_to_is_one_that_we_draw() -> None:
    assert set(BUTTONS) <= set(Action)


def test_no_function_is_too_long() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {length} lines"
        for path, tree in sources("tests", *ROOMS)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not offenders, "\n".join(["functions past 50 lines:", *offenders])


def test_no_file_of_the_product_is_too_long() -> None:
    files = [
        path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in {".py", ".js", ".css"}
    ]
    long = {
        str(path.relative_to(ROOT)): count for path in files if (count := count_lines(path)) > LONGEST_FILE
    }
    assert not long


def test_names_say_what_is_inside() -> None:
    modules = [path for path, _ in sources("tests", *ROOMS) if VAGUE.search(path.stem)]
    classes = [
        node.name
        for _, tree in sources(*ROOMS)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ]
    assert not [*modules, *classes]


def test_the_environment_is_read_in_the_settings_alone() -> None:
    """What starts another program may hand its environment on, filtered."""
    readers = {
        str(path.relative_to(ROOT))
        for path, tree in sources(*ROOMS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    programs = {"bot/postgres/binary.py", "bot/postgres/process.py", "bot/postgres/server.py"}
    assert readers <= {"bot/settings.py", *programs}


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert not [
        f"{path.relative_to(ROOT)} names {host}"
        for path in repository_files()
        for host in REGISTRIES
        if host in path.read_text("utf-8", errors="replace").lower()
    ]


def test_the_front_page_of_the_repository_is_short() -> None:
    shown = {path.relative_to(ROOT).parts[0] for path in repository_files()}
    assert len([name for name in shown if not name.startswith(".")]) <= MOST_ENTRIES, sorted(shown)


def resolve(place: Path) -> dict[str, str]:
    """Where a fresh interpreter, started in `place` and told nothing, finds our names."""
    code = "import json, sys, importlib.util as u; print(json.dumps({n: u.find_spec(n).origin for n in sys.argv[1:]}))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    flags = [] if place == ROOT else ["-P"]
    answer = subprocess.run(
        [sys.executable, *flags, "-c", code, *ROOMS],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(answer.stdout)
    return found


@cache
def parse(folder: str) -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text("utf-8"))) for path in sorted((ROOT / folder).rglob("*.py"))]


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    return itertools.chain.from_iterable(map(parse, folders))


def count_lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def repository_files() -> Iterator[Path]:
    """Every file that is kept, also where git is not at hand."""
    ignored = {line.strip("/ ") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()} | {".git"}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ignored]
        yield from (
            Path(folder) / name for name in files if name not in ignored and not name.endswith(".pyc")
        )
