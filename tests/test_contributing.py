"""What contributors are told is true: versions, files and make targets."""

import re
from pathlib import Path

from opsctl import __version__
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent


def test_the_version_is_shown(workspace: Workspace) -> None:
    assert workspace.run("--version").stdout == f"opsctl {__version__}\n"


def test_the_changelog_begins_with_it_or_with_what_is_to_come() -> None:
    first, second = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)[:2]
    assert __version__ in (first, second)
    assert first in (__version__, "Unreleased")


def test_pre_commit_has_the_ruff_of_the_constraints() -> None:
    [ruff] = re.findall(r"^ruff==(.+)$", (ROOT / "constraints.txt").read_text(), re.M)
    assert f"rev: v{ruff}\n" in (ROOT / ".pre-commit-config.yaml").read_text()


def test_files_that_a_contributor_is_sent_to_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`([\w.]+/[\w./-]*)`", text))
    assert len(named) > 20
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_make_knows_what_a_contributor_is_told_to_make() -> None:
    named = re.findall(r"`make ([a-z -]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert {target for line in named for target in line.split()} <= set(targets)
