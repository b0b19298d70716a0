"""``make bench-peers``: what people check rules with today, on this machine and on as many rules, beside Ruleward.

The tools are installed from PyPI into a folder that goes when this ends; while they run, their proxy leads nowhere.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench import RULES, audit, review
from tools.made_up import build, sigma_text
from tools.measure import Cost, UnfinishedError, measure, method, row, table

SIZES = (1, 1131)

_DOES = """
They do different things, and the table says what each costs, not which is better:

- `git grep` reads one line of a rule and checks nothing.
- `sigma check` parses every Sigma rule with pySigma and asks its validators, but for the two that load ATT&CK and
  D3FEND from the network.
- `detkit validate` checks the structure of Sigma rules, and `sigmalint lint` asks its rules and gives a score.
- `ruleward audit` parses every rule of Elastic's format and its query, asks every policy that needs no change to look
  at, and walks the history of each rule.
- `ruleward review` does the same for the rules that a change touches, on both sides, and compares their queries; a
  fifth of those in the bulk change match less than before.

The Sigma tools have no review: on a pull request they check the files as they stand.
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A tool from PyPI.

    Attributes:
        pins: what to install.
        command: what to run, the folder of Sigma rules left out.
    """

    name: str
    pins: tuple[str, ...]
    command: tuple[str, ...]


PEERS = (
    Peer(
        name="`sigma check` (sigma-cli 3.1.0, pySigma 1.5.1)",
        pins=("sigma-cli==3.1.0", "pysigma==1.5.1"),
        command=("sigma", "check", "-x", "attacktag", "-x", "d3_fendtag"),
    ),
    Peer(name="`detkit validate` (detkit-cli 0.1.6)", pins=("detkit-cli==0.1.6",), command=("detkit", "validate")),
    Peer(name="`sigmalint lint` (sigmalint-cli 0.1.7)", pins=("sigmalint-cli==0.1.7",), command=("sigmalint", "lint")),
)


def main() -> None:
    """Print the table, and what each tool does."""
    parser = argparse.ArgumentParser(prog="python -m tools.peers", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each command is run (default: 5)")
    runs = parser.parse_args().runs
    print(f"{RULES:,} made-up rules of one size: of Elastic's format for Ruleward, of Sigma's for the others.\n")
    print(method(runs))
    with tempfile.TemporaryDirectory(prefix="ruleward-peers-") as name:
        folder = Path(name)
        rules, sigma = folder / "rules.git", folder / "sigma"
        base = f"tree-{RULES}"
        build(rules, trees=(RULES,), base=RULES, edited=SIZES)
        sigma.mkdir()
        for number in range(RULES):
            (sigma / f"process_tool_{number:05}.yml").write_text(sigma_text(number), encoding="utf-8")
        reviews = [
            review(base, f"edit-{size}", folder, name=f"`ruleward review` of {size:,} changed") for size in SIZES
        ]
        table(("Command", "Rules", "Wall", "A rule", "Memory"))
        _ours("`git grep updated_date`", RULES, ["git", "grep", "updated_date", base], rules, runs)
        for peer in PEERS:
            _theirs(peer, folder, sigma, runs)
        _ours("`ruleward audit`", RULES, audit(base, name="").command, rules, runs)
        for each, size in zip(reviews, SIZES, strict=True):
            _ours(each.name, size, each.command, rules, runs)
    print(_DOES, end="")


def _ours(name: str, count: int, command: Sequence[str], repository: Path, runs: int) -> None:
    """Print the row of a command that needs nothing installed."""
    (cost,) = measure([command], repository, runs)
    _row(name, count, cost)


def _theirs(peer: Peer, folder: Path, sigma: Path, runs: int) -> None:
    """Install a tool and print its row, or what kept it from having one."""
    home = folder / peer.command[0]
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    install = [str(scripts / "python"), "-m", "pip", "install", "--quiet", "--no-input", *peer.pins]
    done = subprocess.run(install, check=False, capture_output=True)
    if done.returncode:
        row((peer.name, "", f"not measured: pip ended with status {done.returncode}", "", ""))
        return
    program, *arguments = peer.command
    try:
        (cost,) = measure([[str(scripts / program), *arguments, str(sigma)]], folder, runs)
    except UnfinishedError as error:
        row((peer.name, "", f"not measured: {error}", "", ""))
    else:
        _row(peer.name, RULES, cost)


def _row(name: str, count: int, cost: Cost) -> None:
    each = f"{cost.seconds * 1000 / count:.2f} ms"
    row((name, f"{count:,}", f"{cost.seconds:.3f} s", each, f"{cost.mebibytes:.0f} MiB"))


if __name__ == "__main__":
    main()
