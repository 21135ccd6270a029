"""Why a log cannot be read, with the command that lets us."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat


def refusal(path: str, error: OSError) -> str:
    """What keeps us from `path`, for its operator: the reason first, then the fix."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"unreadable (permission denied): {_permission(path)}"
    reason = (error.strerror or str(error)).lower()
    return f"unreadable ({reason}): {path}"


def _permission(path: str) -> str:
    """The file or directory that keeps us out, and how to be let in."""
    user = _user()
    blocked = _blocked_directory(path)
    kind, place = ("x", blocked) if blocked else ("r", path)
    try:
        status = os.stat(place)
    except OSError:
        return place
    needed = stat.S_IXGRP if blocked else stat.S_IRGRP
    # Debian's logs are 0640 www-data:adm, their directory 0750 root:adm.
    if status.st_mode & needed and status.st_gid not in (*os.getgroups(), os.getegid()):
        group = _group(status.st_gid)
        return (
            f"{place}: add {user} to group {group}: usermod -aG {group} {user}, "
            "then restart logmond"
        )
    return f"{place}: let {user} in: setfacl -m u:{user}:{kind} {place}"


def _blocked_directory(path: str) -> str | None:
    """The first directory on the way to `path` that we may not enter."""
    parts = os.path.abspath(path).split("/")[1:-1]
    place = "/"
    for part in parts:
        place = os.path.join(place, part)
        if not os.access(place, os.X_OK, effective_ids=True):
            return place
    return None


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
