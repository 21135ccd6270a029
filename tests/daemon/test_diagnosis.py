"""`logmond doctor` looks at what the daemon would run with."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from processes import free_port

from logmond.daemon.diagnosis import examine
from logmond.interfaces.doctor import Finding
from logmond.stores.opening import open_database


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


def state_findings(tmp_path: Path, state: Path) -> list[Finding]:
    """What doctor says of a state file."""
    config, port = tmp_path / "logmond.yaml", free_port()
    config.write_text(
        "sources: [{name: web, listen: udp://localhost:5514}]\n"
        f"history: {{url: sqlite://{state}}}\nadmin: {{listen: tcp://localhost:{port}}}\n"
    )
    found = examine(str(config), {})
    assert found[0].kind == "ok", found
    return [each for each in found if str(state) in each.text]


def test_doctor_says_that_a_state_file_cannot_be_used(tmp_path: Path) -> None:
    """A file of another program, a damaged one; with what to look at."""
    state = tmp_path / "state.db"
    assert state_findings(tmp_path, state) == []
    state.write_bytes(b"no database at all" * 100)
    [damaged] = state_findings(tmp_path, state)
    assert damaged.kind == "fix"
    assert damaged.fix == (f"ls -l {state}", f"df -h {tmp_path}")
    state.unlink()
    with closing(sqlite3.connect(state)) as other:
        other.execute("CREATE TABLE notes (text)")
    [foreign] = state_findings(tmp_path, state)
    assert "is not a state file of logmond" in foreign.text


def test_doctor_has_nothing_to_say_of_a_state_file_that_works(tmp_path: Path) -> None:
    """Of this schema, or of the one before, which the daemon upgrades."""
    state = tmp_path / "state.db"
    open_database(str(state), 0.0, lambda one, other: one)[0].close()
    assert state_findings(tmp_path, state) == []
    shutil.copy(Path(__file__).parents[1] / "stores" / "state-schema-1.db", state)
    assert state_findings(tmp_path, state) == []


def test_doctor_looks_at_the_server_configurations_that_sources_name(tmp_path: Path) -> None:
    """Wherever they lie, without being told again."""
    config, nginx = tmp_path / "logmond.yaml", tmp_path / "nginx.conf"
    nginx.write_text("http { access_log /a.log; server { } }")
    config.write_text(f"sources: [{{name: web, nginx: {nginx}}}]\n")
    found = examine(str(config), {}, admin=("localhost", free_port()))
    assert any(each.kind == "ok" and f"nginx ({nginx}): 1 of 1" in each.text for each in found)
