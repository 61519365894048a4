"""`make mission` succeeds: what a user does, from setup to stop."""

from pathlib import Path

import pytest

from tests.real.docker.engine import Engine
from tests.real.docker.mission import play

pytestmark = pytest.mark.process


def test_the_mission(engine: Engine, tmp_path: Path) -> None:
    assert play(tmp_path, engine) == 0
