"""The units systemd is given are valid, hardened, and name what the daemon is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from programs import program

_ROOT = Path(__file__).parents[2]
_UNITS = sorted((_ROOT / "systemd").glob("logmond*.service")) + sorted(
    (_ROOT / "systemd").glob("logmond*.socket")
)


def _run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    path = program(name)
    assert path is not None
    return subprocess.run(
        [path, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Copies of the units whose command exists on this machine, as it does once installed."""
    for unit in _UNITS:
        text = re.sub(r"^(ExecStart=)\S+/logmond", r"\1/bin/true", unit.read_text(), flags=re.M)
        (tmp_path / unit.name).write_text(text)
    return sorted(tmp_path.iterdir())


@pytest.mark.peer("systemd-analyze")
def test_units_verify_without_a_word(units: list[Path]) -> None:
    """systemd-analyze verify has nothing to say about any of them."""
    result = _run("systemd-analyze", "verify", *units)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert len(units) == 3


_TLS_IN_SUCH_MEMORY = """
import ctypes, sys
if sys.argv[1] == "yes":  # PR_SET_MDWE, as systemd does it on Linux 6.3 and newer
    assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0
from OpenSSL import SSL
SSL.Context(SSL.TLS_METHOD).set_verify(SSL.VERIFY_PEER, lambda *_: True)
"""


def test_the_service_may_use_tls() -> None:
    """Callbacks of pyOpenSSL need memory that is written and executed, in both directions."""
    pytest.importorskip("OpenSSL")
    unit = (_ROOT / "systemd" / "logmond.service").read_text()
    denied = re.findall(r"(?m)^MemoryDenyWriteExecute=(\w+)", unit) or ["no"]
    child = [sys.executable, "-c", _TLS_IN_SUCH_MEMORY, denied[-1]]
    result = subprocess.run(child, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.peer("systemd-analyze")
def test_the_service_exposes_little(units: list[Path]) -> None:
    """systemd-analyze security finds an exposure of at most 2.0."""
    service = next(unit for unit in units if unit.suffix == ".service")
    result = _run(
        "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", service
    )
    match = re.search(r"exposure level for logmond\.service: (\d+\.\d+)", result.stdout)
    assert match is not None, result.stdout + result.stderr
    assert float(match[1]) <= 2.0
    assert result.returncode == 0


@pytest.mark.peer("systemd-sysusers")
def test_the_user_reads_debian_s_logs(tmp_path: Path) -> None:
    """sysusers.d makes a user without a shell who is a member of adm."""
    (tmp_path / "etc").mkdir()
    rules = tmp_path / "logmond.conf"
    rules.write_text((_ROOT / "systemd" / "logmond.sysusers").read_text())
    result = _run("systemd-sysusers", f"--root={tmp_path}", rules)
    assert result.returncode == 0, result.stderr
    user = re.search(r"^logmond:.*$", (tmp_path / "etc/passwd").read_text(), re.M)
    assert user is not None
    assert user[0].split(":")[5:] == ["/var/lib/logmond", "/usr/sbin/nologin"]
    assert re.search(r"^adm:.*:logmond$", (tmp_path / "etc/group").read_text(), re.M)


@pytest.mark.peer("logrotate")
def test_logrotate_takes_the_file(tmp_path: Path) -> None:
    """logrotate reads it without complaint, once the user it names exists."""
    text = (_ROOT / "etc/logrotate.d/logmond").read_text()
    text = text.replace("logmond adm", "root root").replace("/var/log/logmond", str(tmp_path))
    config = tmp_path / "config"
    config.write_text(text)
    config.chmod(0o644)
    (tmp_path / "alerts.log").write_text("x\n")
    result = _run("logrotate", "--debug", "--state", tmp_path / "state", config)
    assert "error:" not in result.stderr
    assert "systemctl kill --signal=USR1 logmond.service" in text
    assert "considering log" in result.stderr
