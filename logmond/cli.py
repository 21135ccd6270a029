"""The command line: one verb a function. Only here is the global reactor touched.

Exit codes: 0 done, 1 failed, 2 usage or configuration.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from logmond import __version__
from logmond.errors import ConfigError, LogmondError, Problem
from logmond.telemetry import visible

FAILED, USAGE = 1, 2

DEFAULT_ADMIN = "localhost:9000"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    arguments = _parser().parse_args(argv)
    # Taken before anything of Twisted is imported: its endpoints remove
    # LISTEN_FDS from the environment, and with it the sockets passed to us.
    arguments.environ = dict(os.environ)
    try:
        return int(arguments.verb(arguments))
    except ConfigError as error:
        for problem in error.problems:
            print(visible(str(problem)), file=sys.stderr)
        return USAGE
    except LogmondError as error:
        print(f"logmond: {visible(str(error))}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read us has left; nothing more can be said on that pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return 130


def run(arguments: argparse.Namespace) -> int:
    """The daemon, in the foreground."""
    from logmond.config.loading import Loaded, load

    def load_now() -> Loaded:
        return load(arguments.config, os.environ, arguments.set)

    return _serve(load_now, arguments.environ)


def demo(arguments: argparse.Namespace) -> int:
    """The daemon fed with real syslog datagrams of a scenario."""
    from logmond.daemon.demonstration import Feed, load_demo

    def load_now() -> Any:
        return load_demo(arguments.scenario, os.environ, arguments.set)

    return _serve(load_now, arguments.environ, Feed(arguments.scenario, arguments.seed))


def _serve(load_now: Callable[[], Any], environ: Mapping[str, str], feed: Any = None) -> int:
    """Run a daemon until it is told to stop."""
    from logmond.daemon.running import serve

    reactor = _monotonic_reactor()
    return serve(load_now, reactor, environ, feed)


def _monotonic_reactor() -> Any:
    """The reactor, timing on the monotonic clock.

    Twisted schedules on wall time: a step of the clock would freeze its timers
    or fire all of them. Nothing may be scheduled before this.
    """
    from twisted.internet import reactor

    setattr(reactor, "seconds", time.monotonic)  # noqa: B010  # a method, replaced on one object
    return reactor


def check(arguments: argparse.Namespace) -> int:
    """Every error of a configuration, and what cannot work."""
    from logmond.config.loading import load, review

    path = arguments.file or arguments.config
    loaded = load(path, os.environ, arguments.set)
    for warning in review(loaded, arguments.user):
        print(f"warning: {warning}", file=sys.stderr)
    rules = len(loaded.config.rules)
    sources = len(loaded.config.sources)
    print(f"{path}: ok ({_many(sources, 'source')}, {_many(rules, 'rule')})")
    return 0


def doctor(arguments: argparse.Namespace) -> int:
    """What can be read, what arrives, and which servers do not log here, with the fixes."""
    from logmond.daemon.diagnosis import examine
    from logmond.interfaces.doctor import rendered

    findings = examine(
        arguments.config,
        os.environ,
        sets=arguments.set,
        user=arguments.user,
        admin=_address(arguments.admin) if arguments.admin else None,
        servers={"nginx": arguments.nginx, "apache": arguments.apache},
    )
    for line in rendered(findings):
        print(line)
    return FAILED if any(finding.kind == "fix" for finding in findings) else 0


def parse(arguments: argparse.Namespace) -> int:
    """Lines in, JSON records out."""
    from logmond.interfaces.parsing import parse_lines

    return parse_lines(arguments.format, arguments.file, explain=arguments.explain)


def backtest(arguments: argparse.Namespace) -> int:
    """The incidents some rules would have raised over old logs."""
    from logmond.daemon.backtesting import Request
    from logmond.daemon.backtesting import backtest as begin

    return begin(Request.of(arguments, os.environ), sys.stdout, sys.stderr)


def generate(arguments: argparse.Namespace) -> int:
    """Synthetic access lines, stamped now."""
    from logmond.daemon.running import finish
    from logmond.ingest.sources.generate import generate as begin

    reactor = _monotonic_reactor()
    done = begin(
        arguments.to,
        arguments.rate,
        reactor=reactor,
        seconds=arguments.seconds,
        seed=arguments.seed,
        scenario=arguments.scenario,
        form=arguments.format,
    )
    print(finish(done, reactor), file=sys.stderr)
    return 0


def ctl(arguments: argparse.Namespace) -> int:
    """One admin command, for scripts."""
    from logmond.interfaces.client import ctl as ask

    token = None
    if arguments.token_file:
        token = _secret(arguments.token_file)
    return ask(
        arguments.command,
        _address(arguments.admin),
        sys.stdout,
        sys.stderr,
        token=token,
        json=arguments.json,
    )


def _secret(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        raise LogmondError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "localhost", _port(port)


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        problem = Problem("--admin", text, "is no port; give HOST:PORT, like localhost:9000")
        raise ConfigError([problem])
    return int(text)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="logmond",
        description="Watches access logs while they are written and says when something is wrong.",
    )
    parser.add_argument("--version", action="version", version=f"logmond {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, function: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        told = (function.__doc__ or name).splitlines()[0]  # -OO leaves none
        added = verbs.add_parser(name, help=told, description=told)
        added.set_defaults(verb=function)
        return added

    def settable(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE",
            help="overrides a value of the file, for example admin.listen=tcp://localhost:9001",
        )  # fmt: skip

    running = verb("run", run)
    running.add_argument("-c", "--config", metavar="FILE", help="default: built-in settings")
    settable(running)

    showing = verb("demo", demo)
    showing.add_argument("--scenario", default="spike", help="calm, spike (default), errors, bot")
    showing.add_argument("--seed", type=int, default=1, help="the same seed, the same requests")
    settable(showing)

    checking = verb("check", check)
    file = checking.add_mutually_exclusive_group(required=True)
    file.add_argument("file", metavar="FILE", nargs="?")
    file.add_argument("-c", "--config", metavar="FILE", help="the same, as other verbs take it")
    checking.add_argument("--user", help="also say which files this user cannot read")
    settable(checking)

    examining = verb("doctor", doctor)
    examining.add_argument(
        "-c", "--config", metavar="FILE", help="default: /etc/logmond/logmond.yaml, else built-in"
    )
    settable(examining)
    examining.add_argument("--user", help="whoever the daemon runs as; default: you")
    examining.add_argument("--admin", metavar="HOST:PORT", help="default: as configured")
    examining.add_argument("--nginx", metavar="FILE", help="default: at its usual places")
    examining.add_argument("--apache", metavar="FILE", help="default: at its usual places")

    parsing = verb("parse", parse)
    parsing.add_argument("--format", default="auto", help="a preset, or a pasted format")
    parsing.add_argument("--explain", action="store_true", help="say where each line fails")
    parsing.add_argument("file", metavar="FILE", nargs="?", help="default: standard input")

    testing = verb("backtest", backtest)
    settable(testing)
    _backtest_arguments(testing)

    making = verb("generate", generate)
    making.add_argument("--rate", type=float, default=10.0, help="lines a second")
    making.add_argument(
        "--to", required=True, metavar="TARGET",
        help="a file, -, udp://HOST:PORT, tcp://HOST:PORT or unixgram:///PATH",
    )  # fmt: skip
    making.add_argument("--seconds", type=float, help="stop by itself after so long")
    making.add_argument("--seed", type=int, default=1, help="the same seed, the same requests")
    making.add_argument("--format", default="nginx-timed", help="default: nginx-timed")
    making.add_argument("--scenario", default="calm", help="calm (default), spike, errors, bot")

    asking = verb("ctl", ctl)
    asking.add_argument("--json", action="store_true", help="the reply as one JSON line")
    asking.add_argument(
        "--admin", default=DEFAULT_ADMIN, metavar="HOST:PORT", help=f"default: {DEFAULT_ADMIN}"
    )
    asking.add_argument("--token-file", metavar="FILE", help="holds the token of the admin port")
    asking.add_argument("command", nargs="+", metavar="COMMAND", help="for example: status")
    return parser


def _backtest_arguments(testing: argparse.ArgumentParser) -> None:
    testing.add_argument("-c", "--config", metavar="FILE", help="default: built-in settings")
    testing.add_argument(
        "--rule", action="append", default=[], metavar="NAME.KEY=VALUE", dest="rules",
        help="changes a rule, or with A..B, A..B/STEP or A,B,C tries each value in one pass",
    )  # fmt: skip
    testing.add_argument(
        "--expect", action="append", default=[], metavar="[RULE=]none|N|N..M",
        help="exit 1 unless so many incidents were raised",
    )  # fmt: skip
    testing.add_argument("--source", metavar="NAME", help="what logs of no source are read as")
    testing.add_argument("--history", metavar="DB", help="a state file, for baselines")
    testing.add_argument("--since", metavar="TIME", help="ask rules from then on, by the stamps")
    testing.add_argument("--until", metavar="TIME", help="and before then; without a zone UTC")
    testing.add_argument(
        "--per-day", type=float, default=1.0, metavar="N", help="alerts a sweep's hint allows"
    )
    testing.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    for form in ("json", "markdown"):
        testing.add_argument(f"--{form}", dest="format", action="store_const", const=form)
    testing.add_argument("--quiet", action="store_true", help="only the result and errors")
    testing.add_argument("logs", nargs="+", metavar="LOG", help="plain or .gz; - is a pipe")


if __name__ == "__main__":
    sys.exit(main())
