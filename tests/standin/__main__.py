"""`python -m tests.standin FOLDER [--fault KIND[@HOST]]…`: run the stand-in by hand, print the environment to set."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.standin import FAULTS, Upstream


def main() -> None:
    """Serve until Ctrl-C; stdout: lines to `eval` in a shell; stderr: every request."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", epilog="faults: " + ", ".join(FAULTS))
    parser.add_argument("folder", type=Path, help="a folder of prices")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND[@HOST]")
    options = parser.parse_args()
    with Upstream(options.folder) as upstream:
        for each in options.fault:
            kind, _, host = each.partition("@")
            upstream.fault(kind, host=host)
        for name, value in upstream.env().items():
            print(f"export {name}='{value}'", flush=True)
        follow(upstream)


def follow(upstream: Upstream) -> None:
    """Print requests as they come, until Ctrl-C."""
    shown = 0
    try:
        while True:
            for request in upstream.log[shown:]:
                print(request.host, request.text, file=sys.stderr)
                shown += 1
            time.sleep(0.2)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
