"""`logmond doctor` looks at what the daemon would run with."""

from __future__ import annotations

from pathlib import Path

from processes import free_port

from logmond.daemon.diagnosis import examine


def test_doctor_takes_the_settings_of_the_command_line(tmp_path: Path) -> None:
    """They win over the file, as they do for the daemon."""
    config, port = tmp_path / "logmond.yaml", free_port()
    config.write_text("sources: [{name: web, listen: udp://localhost:5514}]\n")
    sets = [f"admin.listen=tcp://localhost:{port}"]
    told = [finding.text for finding in examine(str(config), {}, sets=sets)]
    assert any(f"localhost:{port}" in text for text in told), told


def test_doctor_says_what_is_wrong_with_a_setting(tmp_path: Path) -> None:
    """A slip is found where it was made."""
    config = tmp_path / "logmond.yaml"
    config.write_text("sources: [{name: web, listen: udp://localhost:5514}]\n")
    found = examine(str(config), {}, sets=["admin.lisen=tcp://localhost:1"])
    assert any(each.kind == "fix" and "did you mean" in each.text for each in found)
