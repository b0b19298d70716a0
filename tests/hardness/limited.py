"""``python -m tests.hardness.limited SECONDS MEBIBYTES FILE …``: ``ruleward`` under a limit; its cost goes there."""

from __future__ import annotations

import json
import resource
import runpy
import sys
from pathlib import Path


def _peak() -> int:
    """The most memory that this program held, in KiB, not what the one held that started it."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(
        int(line.split()[1]) for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:")
    )


def main() -> None:
    """Set the limits, run, and note the cost."""
    seconds, mebibytes, file = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
    sys.argv[:] = ["ruleward", *sys.argv[4:]]
    try:
        runpy.run_module("bot", run_name="__main__")
    finally:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        file.write_text(
            json.dumps([sum(each.ru_utime + each.ru_stime for each in used), _peak() / 1024]), encoding="ascii"
        )


if __name__ == "__main__":
    main()
