"""`logmond check` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from logmond.cli import main


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A configuration in which nothing is wrong."""
    path = tmp_path / "logmond.yaml"
    path.write_text("sources: [{name: web, listen: udp://localhost:5514}]\n")
    return str(path)


@pytest.mark.parametrize("option", [[], ["-c"], ["--config"]])
def test_the_file_stands_alone_or_behind_the_option_of_other_verbs(
    file: str, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever typed `run -c FILE` types `check -c FILE` next."""
    assert main(["check", *option, file]) == 0
    assert capsys.readouterr().out == f"{file}: ok (1 source, 1 rule)\n"


@pytest.mark.parametrize("times", [0, 2])
def test_exactly_one_file_is_checked(
    file: str, times: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """None, or one of each kind, is a mistake of usage."""
    with pytest.raises(SystemExit) as ended:
        main(["check", *["-c", file, file][: 3 * times // 2]])
    assert ended.value.code == 2
    assert "usage: logmond check" in capsys.readouterr().err
