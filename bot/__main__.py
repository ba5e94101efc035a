"""The command line: `quarterdeck` or `python -m bot`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import app, approval, doctor, export, manifest, settings, telemetry
from bot.database import open_store, say
from domain.errors import ConfigurationError, QuarterdeckError

log = logging.getLogger("quarterdeck")

STOP_SECONDS = 9.0
"""Longer than an orderly end takes, and shorter than those who stop services wait before they kill."""

Run = Callable[[argparse.Namespace], Coroutine[Any, Any, int | None]]
"""A command; what it returns is the exit status (None is 0)."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quarterdeck", description="A Slack-native co-pilot for engineering operations."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="run the bot; with a sandbox when no Slack tokens are set")
    up.add_argument("--sandbox", action="store_true", help="use the sandbox even if Slack tokens are set")
    up.add_argument("--http-port", type=int, help="port of the HTTP door (8080); 0 lets the system choose")
    up.add_argument("--sandbox-port", type=int, help="port of the sandbox (8765); 0 lets the system choose")
    up.add_argument("--scenario", help="a story for the sandbox to play")
    up.set_defaults(run=_up)
    examined = commands.add_parser("doctor", help="check everything a start needs, and name each fix")
    examined.set_defaults(run=_doctor)
    migrate = commands.add_parser("migrate", help="bring the database schema up to date")
    migrate.set_defaults(run=_migrate)
    shown = commands.add_parser("manifest", help="print the Slack app manifest this configuration needs")
    shown.set_defaults(run=_manifest)
    approvals = commands.add_parser("approvals", help="list approvals, approve or reject them without Slack")
    decided = approval.declare(approvals)
    approvals.set_defaults(run=_approvals)
    exported = commands.add_parser("export", help="write what is kept, one JSON object a line")
    kinds = exported.add_subparsers(dest="kind", required=True, metavar="KIND")
    audit = kinds.add_parser("audit", help="who did what, when, to which object")
    audit.add_argument("--since", type=_time, metavar="DATE", help="only entries from then on (2026-03-01)")
    audit.set_defaults(run=_export_audit)
    for each in (up, examined, migrate, shown, audit, approvals):
        each.add_argument("--data-dir", type=Path, help="folder of the data (.quarterdeck)")
    for each in decided:  # there too, without undoing what was said before the action
        each.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def _time(text: str) -> datetime:
    try:
        return export.read_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _settings(options: argparse.Namespace) -> settings.Settings:
    return settings.load(
        data_dir=options.data_dir,
        http_port=getattr(options, "http_port", None),
        sandbox_port=getattr(options, "sandbox_port", None),
    )


def _configure(loaded: settings.Settings) -> None:
    telemetry.configure(level=loaded.log_level, form=loaded.log_format, secrets=loaded.secrets())


async def _up(options: argparse.Namespace) -> None:
    loaded = _settings(options)
    _configure(loaded)
    stopped = asyncio.Event()
    starting = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not stopped.is_set() and starting is not None and not ready:
            starting.cancel()
        stopped.set()

    ready: list[bool] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        async with app.run(loaded, sandbox=options.sandbox, scenario=options.scenario) as bot:
            ready.append(True)
            _print_addresses(bot)
            await stopped.wait()
            _leave_in(STOP_SECONDS)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise


def _leave_in(seconds: float) -> None:
    """Leave at the latest then, also where a database that has fallen silent holds up tasks and threads."""

    def leave() -> None:
        say("Not everything ended in time. What was acknowledged is durable and goes on with the next start.")
        os._exit(0)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def _print_addresses(bot: app.Bot) -> None:
    lines = ["", "Quarterdeck is ready.", f"  HTTP     {bot.http_url}  (/readyz, /metrics)"]
    if bot.desk.page is not None:
        lines += [
            f"  Sandbox  {bot.desk.page}  (a Slack on your desk: open it in a browser)",
            "",
            "Three things to try there:",
            "  1. /help                                   what you can ask",
            "  2. @Quarterdeck hello                      it answers in the thread",
            "  3. /execute roll back checkout to v41      a task and its living card; then /status",
        ]
    else:
        lines += ["", "In Slack, try:  /qd help   ·   @Quarterdeck hello   ·   /execute <task>"]
    print("\n".join([*lines, "", "Ctrl-C stops it."]), flush=True)


async def _doctor(options: argparse.Namespace) -> int:
    loaded = _settings(options)
    _configure(loaded)
    checks = await doctor.examine(loaded)
    print("\n".join(check.line for check in checks))
    return 1 if any(check.fix for check in checks) else 0


async def _export_audit(options: argparse.Namespace) -> None:
    loaded = _settings(options)
    _configure(loaded)
    async with open_store(loaded, exclusive=False) as store:
        await export.export_audit(store.database, options.since, sys.stdout.write)


async def _approvals(options: argparse.Namespace) -> None:
    loaded = _settings(options)
    _configure(loaded)
    async with open_store(loaded, exclusive=False) as store:
        await approval.run(store, options, sys.stdout.write)


async def _migrate(options: argparse.Namespace) -> None:
    loaded = _settings(options)
    _configure(loaded)
    async with open_store(loaded, exclusive=False):
        say("The database is up to date.")


async def _manifest(options: argparse.Namespace) -> None:
    loaded = _settings(options)
    try:
        print(manifest.as_yaml("slack", loaded.command_table), end="")
    except ValueError as error:
        raise ConfigurationError(f"QD_COMMAND_NAMES is not usable: {error}") from error


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0 done, 1 failed, 2 wrong usage or configuration."""
    options = _parser().parse_args(arguments)
    try:
        status: int | None = asyncio.run(options.run(options))
        sys.stdout.flush()
    except ConfigurationError as error:
        say(error.sentence)
        return 2
    except QuarterdeckError as error:
        say(error.sentence)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has read enough, as `head` does. Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:
        log.exception("An error that nobody expected")
        say("Quarterdeck stopped on an error of its own; the log above tells which.")
        return 1
    return status or 0


if __name__ == "__main__":
    sys.exit(main())
