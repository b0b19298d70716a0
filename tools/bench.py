"""``make bench``: how fast a review, an audit and a replay are and how much memory they take, beside the floor.

The floor is one process that reads the same blobs with ``git cat-file --batch`` and parses them with tomli, while git
reads the next: nothing that reads rules in Python is much faster. ``--growth`` says how the cost grows with the change
and with the tree.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.made_up import TODAY, build
from tools.measure import ROOT, UnfinishedError, measure, method, row, table

CORPUS = ROOT.parent / "shared" / "corpus"
RULES = 2192
SIZES = (1, 373, 1131)
TREES = (2_000, 20_000, 100_000)
CHANGED = (1, 10, 100, 1_000, 10_000)

_CHANGED = """
import subprocess, sys
import tomli
oids = set()
for line in open(sys.argv[1]).read().split():
    base, head = line.split("..")
    diff = ["git", "diff", "--raw", "--no-renames", "--no-abbrev", f"{base}...{head}"]
    raw = subprocess.run(diff, capture_output=True, check=True)
    oids |= {oid for line in raw.stdout.split(b"\\n") if line for oid in line.split()[2:4] if oid.strip(b"0")}
"""
_WHOLE = """
import subprocess, sys
import tomli
raw = subprocess.run(["git", "ls-tree", "-r", sys.argv[1]], capture_output=True, check=True)
oids = {line.split()[2] for line in raw.stdout.split(b"\\n") if line.endswith(b".toml")}
"""
_FLOOR = """
git = subprocess.Popen(["git", "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
asked = sorted(oids)
for start in range(0, len(asked), 500):
    part = asked[start : start + 500]
    git.stdin.write(b"".join(oid + b"\\n" for oid in part))
    git.stdin.flush()
    for _ in part:
        size = int(git.stdout.readline().split()[2])
        tomli.loads(git.stdout.read(size + 1)[:size].decode())
git.communicate()
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One command, what it is compared with, and how many rules it looks at."""

    name: str
    command: Sequence[str]
    floor: Sequence[str]
    rules: int = 0


def ruleward(*arguments: str) -> list[str]:
    """Return a command of ours, of this clone."""
    return [sys.executable, "-m", "bot", *arguments]


def review(base: str, head: str, folder: Path, *, name: str, rules: int = 0) -> Case:
    """Return the review of a head; the floor reads both sides of every file that it changes."""
    ranges = folder / f"{head.replace('/', '-')}.txt"
    ranges.write_text(f"{base}..{head}\n", encoding="utf-8")
    return Case(
        name=name,
        command=ruleward("review", "--base", base, "--head", head, "--today", TODAY, "--format", "json"),
        floor=[sys.executable, "-c", _CHANGED + _FLOOR, str(ranges)],
        rules=rules,
    )


def audit(head: str, *, name: str, rules: int = 0) -> Case:
    """Return the audit of a tree; the floor reads every file of it."""
    return Case(
        name=name,
        command=ruleward("audit", "--head", head, "--today", TODAY, "--format", "json"),
        floor=[sys.executable, "-c", _WHOLE + _FLOOR, head],
        rules=rules,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each command is run (default: 5)")
    parser.add_argument("--growth", action="store_true", help="how the cost grows, in place of the usual sizes")
    parser.add_argument("--repo", type=Path, help="measure this repository instead of a made-up one")
    parser.add_argument("--base", default="main", help="with --repo: what to compare with, and to audit")
    parser.add_argument("--head", action="append", help="with --repo: what to review; may be repeated")
    options = parser.parse_args()
    print(method(options.runs))
    with tempfile.TemporaryDirectory(prefix="ruleward-bench-") as name:
        folder = Path(name)
        try:
            if options.repo is not None:
                heads = [review(options.base, head, folder, name=f"review: {head}") for head in options.head or []]
                _print(options.repo, [*heads, audit(options.base, name=f"audit: {options.base}")], options.runs)
            elif options.growth:
                _growth(folder, options.runs)
            else:
                _usual(folder, options.runs)
        except UnfinishedError as error:
            raise SystemExit(f"bench: {error}") from error


def _usual(folder: Path, runs: int) -> None:
    repository, base = folder / "rules.git", f"tree-{RULES}"
    build(repository, trees=(RULES,), base=RULES, edited=SIZES)
    version = Case(
        name="`ruleward --version`", command=ruleward("--version"), floor=[sys.executable, "-c", "import sys"]
    )
    reviews = [
        review(base, f"edit-{size}", folder, name=f"review: {size:,} of {RULES:,} rules", rules=size) for size in SIZES
    ]
    _print(repository, [version, *reviews, audit(base, name=f"audit: {RULES:,} rules", rules=RULES)], runs)
    if CORPUS.is_dir():
        _real(folder, runs)
    else:
        print("\nReal rules and `ruleward replay`: skipped, the corpus of real pull requests is not beside this clone.")


def _real(folder: Path, runs: int) -> None:
    """Audit a real tree, and replay real pull requests."""
    tree, pulls = folder / "tree", folder / "pulls.git"
    tree.mkdir()
    subprocess.run(["tar", "-xzf", str(CORPUS / "head-tree.tar.gz")], cwd=tree, check=True)
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    for arguments in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "Rules"]):
        subprocess.run(["git", *arguments], cwd=tree, check=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", str(CORPUS / "dev.bundle"), str(pulls)], check=True)
    tags = subprocess.run(["git", "tag", "--list", "pr/*/head"], cwd=pulls, check=True, capture_output=True, text=True)
    heads = tags.stdout.split()
    ranges = folder / "ranges.txt"
    ranges.write_text("".join(f"{head[:-4]}base..{head}\n" for head in heads), encoding="utf-8")
    count = sum(1 for _ in tree.rglob("*.toml"))
    replay = Case(
        name=f"replay: {len(heads):,} real pull requests",
        command=ruleward("replay", "--ranges", str(ranges), "--format", "json"),
        floor=[sys.executable, "-c", _CHANGED + _FLOOR, str(ranges)],
    )
    print()
    _print(tree, [audit("HEAD", name=f"audit: {count:,} real rules", rules=count)], runs)
    _print(pulls, [replay], runs, head=False)


def _growth(folder: Path, runs: int) -> None:
    repository, base = folder / "rules.git", TREES[1]
    build(repository, trees=TREES, base=base, edited=CHANGED, new=CHANGED)
    kinds = {"edit": f"of {base:,} rules changed", "new": f"new beside {base:,} rules"}
    reviews = [
        review(f"tree-{base}", f"{kind}-{size}", folder, name=f"review: {size:,} {said}", rules=size)
        for kind, said in kinds.items()
        for size in CHANGED
    ]
    _print(repository, reviews, runs)
    print()
    audits = [audit(f"tree-{size}", name=f"audit: {size:,} rules", rules=size) for size in TREES]
    _print(repository, audits, runs)


def _print(repository: Path, cases: Sequence[Case], runs: int, *, head: bool = True) -> None:
    if head:
        table(("Command", "Wall", "A rule", "Memory", "Floor", "Floor's memory", "Wall / floor"))
    for case in cases:
        cost, floor = measure([case.command, case.floor], repository, runs)
        row(
            (
                case.name,
                f"{cost.seconds:.3f} s",
                f"{cost.seconds * 1000 / case.rules:.2f} ms" if case.rules else "",
                f"{cost.mebibytes:.0f} MiB",
                f"{floor.seconds:.3f} s",
                f"{floor.mebibytes:.0f} MiB",
                f"{cost.seconds / floor.seconds:.1f}",
            )
        )


if __name__ == "__main__":
    main()
