"""`python -m sandbox`: run the sandbox alone until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import logging
import os
import signal
import stat
import sys

from sandbox.manifest import ManifestError
from sandbox.server import AddressError, serve


def main() -> int:
    """Run the program. Returns 0 after a clean stop, 2 where it cannot start."""
    options = _read_options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_run(options))
    except (AddressError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A Slack on your desk, for loopback only."
    )
    parser.add_argument(
        "--port", type=int, default=8765, help="port to listen on; 0 lets the system choose (8765)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="a loopback address; others are refused (127.0.0.1)"
    )
    parser.add_argument("--bot-url", help="where the world behind the workspace sends its webhooks")
    parser.add_argument("--scenario", help="the story that the world plays")
    parser.add_argument(
        "--manifest", help="the app manifest to grant scopes and commands from (manifests/sandbox.yaml)"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="stop too when standard input, a pipe, ends"
    )
    options = parser.parse_args()
    if options.with_parent and not _is_pipe(sys.stdin.fileno()):
        parser.error("--with-parent takes a pipe as standard input")
    return options


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


async def _run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    if options.with_parent:
        # Nobody writes into the pipe: it becomes readable when its other end is gone, however that died.
        loop.add_reader(sys.stdin, stopped.set)
    sandbox = serve(options.port, options.host, options.manifest, options.bot_url, options.scenario)
    async with sandbox as running:
        sys.stdout.write(f"The sandbox listens on {running.url}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
