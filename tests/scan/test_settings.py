"""steadygo.toml: what it may state and what is said of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygo.errors import BadSettings
from steadygo.facts.settings import Settings, StatedService
from steadygo.scan import settings


def test_absent_file_means_defaults(tmp_path: Path) -> None:
    assert settings.load(tmp_path) == Settings()


def test_reads_entry_points_and_services(tmp_path: Path) -> None:
    (tmp_path / "steadygo.toml").write_text('entry_points = ["cmd/a"]\n[[services]]\nname = "a"\nmain = "cmd/a"\n[test]\nany = 1\n')
    assert settings.load(tmp_path) == Settings(entry_points=("cmd/a",), services=(StatedService("a", "cmd/a"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entrypoints = []", "unknown key entrypoints. Did you mean entry_points?"),
        ('[[services]]\nname = "a"\nimage = []', "unknown key services.image. Did you mean services.images?"),
        ("zzzz = 1", "unknown key zzzz. Known keys:"),
        ("exclude = 3", "Expected `array`, got `int`"),
        ("services = 3", "services must be tables"),
        ("[[services]]\nmain = 'x'", "missing required field `name`"),
        ("= 3", "not valid TOML"),
    ],
)
def test_names_the_mistake(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "steadygo.toml").write_text(text)
    with pytest.raises(BadSettings) as caught:
        settings.load(tmp_path)
    assert message in str(caught.value)


def test_refuses_what_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "steadygo.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSettings, match="not valid TOML"):
        settings.load(tmp_path)
