"""``make bench``: how fast a review and an audit are and how much memory they take, beside the floor.

The floor is one process that reads the same blobs with ``git cat-file --batch`` and parses them with tomli: nothing
that reads rules in Python can be faster.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TODAY = "2026-11-24"
RULES = 2192
SIZES = (1, 373, 1131)

_DONE = (0, 1)  # a review that objects has finished too
_NARROWED = 5  # every so many rules of a bulk change lose some matches
_KIB = 1024
_CHANGED = """
import subprocess, sys
import tomli
base, head = sys.argv[1:]
diff = ["git", "diff", "--raw", "--no-renames", "--no-abbrev", f"{base}...{head}"]
raw = subprocess.run(diff, capture_output=True, check=True)
oids = {oid for line in raw.stdout.split(b"\\n") if line for oid in line.split()[2:4] if oid.strip(b"0")}
"""
_WHOLE = """
import subprocess, sys
import tomli
raw = subprocess.run(["git", "ls-tree", "-r", sys.argv[1]], capture_output=True, check=True)
oids = {line.split()[2] for line in raw.stdout.split(b"\\n") if line.endswith(b".toml")}
"""
_FLOOR = """
asked = b"".join(oid + b"\\n" for oid in sorted(oids))
batch = subprocess.run(["git", "cat-file", "--batch"], input=asked, capture_output=True, check=True)
data, at = batch.stdout, 0
while at < len(data):
    end = data.index(b"\\n", at)
    size = int(data[at:end].split()[2])
    tomli.loads(data[end + 1 : end + 1 + size].decode())
    at = end + size + 2
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The median wall time in seconds and the highest resident memory in MiB of some runs."""

    seconds: float
    mebibytes: float


def measure(command: Sequence[str], directory: Path, runs: int) -> Cost:
    """Run a command some times, after one run that warms the caches."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    costs = [_once(command, directory, environment) for _ in range(runs + 1)][1:]
    return Cost(
        seconds=statistics.median(cost.seconds for cost in costs), mebibytes=max(cost.mebibytes for cost in costs)
    )


def _once(command: Sequence[str], directory: Path, environment: dict[str, str]) -> Cost:
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _DONE:
        raise SystemExit(f"bench: {' '.join(command[:4])} ended with status {process.returncode}")
    unit = _KIB * _KIB if sys.platform == "darwin" else _KIB  # macOS counts bytes, Linux KiB
    return Cost(seconds=seconds, mebibytes=usage.ru_maxrss / unit)


def rule_text(number: int, *, edited: bool = False) -> str:
    """Return one made-up rule of a usual size, before or after the bulk change."""
    word = f"tool{number}"
    names = ", ".join(f'"{word}-{letter}.exe"' for letter in "abcdefgh")
    query = (
        f'process where host.os.type == "windows" and event.type == "start" and\n'
        f"  process.name : ({names}) and\n"
        f'  process.args : ("*-{word}*", "/{word}", "--run={number}") and\n'
        f'  not (process.parent.executable : "?:\\\\Program Files\\\\{word}\\\\*" and\n'
        '       user.id in ("S-1-5-18", "S-1-5-19"))'
    )
    if edited and number % _NARROWED == 0:
        query += f' and\n  not process.parent.name : "{word}-update.exe"'
    steps = "\n".join(
        f"- Step {step}: look at what {word} started on this host before, who owns it, and whether the\n"
        f"  account that ran it has done so in the last {step + 7} days; compare with other hosts of the same kind."
        for step in range(14)
    )
    threats = "\n".join(
        "[[rule.threat]]\n"
        'framework = "MITRE ATT&CK"\n\n'
        "[[rule.threat.technique]]\n"
        f'id = "T{1000 + (number + each) % 600}"\n'
        f'name = "Technique {(number + each) % 600}"\n'
        f'reference = "https://attack.mitre.org/techniques/T{1000 + (number + each) % 600}/"\n\n'
        "[rule.threat.tactic]\n"
        f'id = "TA{each:04}"\n'
        f'name = "Tactic {each}"\n'
        f'reference = "https://attack.mitre.org/tactics/TA{each:04}/"\n'
        for each in range(1, 3)
    )
    return (
        '[metadata]\ncreation_date = "2023/02/03"\nintegration = ["endpoint", "windows"]\nmaturity = "production"\n'
        f'updated_date = "{TODAY.replace("-", "/") if edited else "2025/04/05"}"\n\n'
        f'[rule]\nauthor = ["Bench"]\ndescription = """\nFinds {word}, number {number}, where nobody needs it.\n"""\n'
        'from = "now-9m"\nindex = ["logs-endpoint.events.process-*", "winlogbeat-*"]\nlanguage = "eql"\n'
        f'license = "Apache-2.0"\nname = "Unusual Run of {word}"\nnote = """## Triage\n\n{steps}\n"""\n'
        f'references = ["https://example.org/{word}"]\nrisk_score = 47\n'
        f'rule_id = "{number:08x}-0000-4000-8000-{number:012x}"\nseverity = "medium"\n'
        f'tags = ["Domain: Endpoint", "OS: Windows", "{"Purpose" if edited else "Use Case"}: Threat Detection"]\n'
        'timestamp_override = "event.ingested"\ntype = "eql"\n\nquery = \'\'\'\n'
        f"{query}\n'''\n\n{threats}"
    )


def _path(number: int) -> str:
    return f"rules/{('windows', 'linux', 'cloud')[number % 3]}/rule_{number:05}.toml"


def _stream() -> Iterator[str]:
    """Yield what ``git fast-import`` needs: all rules on main, and a branch for each size."""
    who = "Bench <bench@example.org> 1795510800 +0000"
    yield f"commit refs/heads/main\nmark :1\ncommitter {who}\ndata 5\nRules\n"
    yield from (_file(number, rule_text(number)) for number in range(RULES))
    for size in SIZES:
        yield f"\ncommit refs/heads/change-{size}\ncommitter {who}\ndata 6\nChange\nfrom :1\n"
        yield from (_file(number, rule_text(number, edited=True)) for number in range(size))


def _file(number: int, text: str) -> str:
    return f"M 100644 inline {_path(number)}\ndata {len(text.encode())}\n{text}\n"


def build(directory: Path) -> None:
    """Make a bare repository of made-up rules."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch", "main", str(directory)], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=directory, stdin=subprocess.PIPE) as process:
        if process.stdin is None:
            raise SystemExit("bench: no way to talk to git")
        for part in _stream():
            process.stdin.write(part.encode())
        process.stdin.close()
    if process.returncode:
        raise SystemExit("bench: git fast-import failed")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each command is run (default: 5)")
    parser.add_argument("--repo", type=Path, help="measure this repository instead of a made-up one")
    parser.add_argument("--base", default="main", help="with --repo: what to compare with")
    parser.add_argument("--head", action="append", help="with --repo: what to review; may be repeated")
    options = parser.parse_args()
    if options.repo is not None:
        _print(options.repo, options.base, {head: head for head in options.head or ["HEAD"]}, options.runs)
        return
    with tempfile.TemporaryDirectory(prefix="ruleward-bench-") as folder:
        repository = Path(folder) / "rules.git"
        build(repository)
        rules = {f"{size:,} of {RULES:,} rules": f"change-{size}" for size in SIZES}
        _print(repository, "main", rules, options.runs)


def _print(repository: Path, base: str, heads: dict[str, str], runs: int) -> None:
    version = sys.version.split()[0]
    print(f"Wall time: median of {runs} runs; memory: the highest resident size of any. Python {version}.\n")
    print("| Command | Wall | Memory | Floor | Floor's memory | Wall / floor |")
    print("|---|--:|--:|--:|--:|--:|")
    rows = {"`ruleward --version`": ([sys.executable, "-m", "bot", "--version"], [sys.executable, "-c", "pass"])}
    for name, head in heads.items():
        review = ["review", "--base", base, "--head", head, "--today", TODAY, "--format", "json"]
        rows[f"review: {name}"] = (
            [sys.executable, "-m", "bot", *review],
            [sys.executable, "-c", _CHANGED + _FLOOR, base, head],
        )
    audit = ["audit", "--head", base, "--today", TODAY, "--format", "json"]
    whole = [sys.executable, "-c", _WHOLE + _FLOOR, base]
    rows[f"audit: every rule of {base}"] = ([sys.executable, "-m", "bot", *audit], whole)
    for name, (command, floor_command) in rows.items():
        cost, floor = (measure(each, repository, runs) for each in (command, floor_command))
        print(
            f"| {name} | {cost.seconds:.3f} s | {cost.mebibytes:.0f} MiB | {floor.seconds:.3f} s "
            f"| {floor.mebibytes:.0f} MiB | {cost.seconds / floor.seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
