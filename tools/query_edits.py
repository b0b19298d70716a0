"""``python -m tools.query_edits [--seed N --sample N]``: what Ruleward says of every query edit in the corpus.

Prints, per language, the share that is decided (of edits that keep the language and the rule type), the share with a
witness and the processor time a pair takes, then the unknown ones by reason. With ``--sample``, some edits are printed
for a person to judge.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import process_time

from bot.app import review
from bot.collect.git import Git
from bot.model import QueryChange, QueryVerdict, RuleChange
from bot.query import compare
from bot.render import render_change

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
_ONE_SIDED = frozenset({QueryVerdict.NARROWED_OR_EQUAL, QueryVerdict.BROADENED_OR_EQUAL})
_TELLING = frozenset({QueryVerdict.NARROWED, QueryVerdict.BROADENED, QueryVerdict.CHANGED})


@dataclass(frozen=True)
class Edit:
    """One edited query of one pull request, and how long its comparison took."""

    pull: str
    change: RuleChange
    query: QueryChange
    seconds: float


def edits(place: Path) -> Iterator[Edit]:
    """Compare every edited query of the corpus."""
    git = Git(place)
    with lzma.open(CORPUS / "dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        for pull in map(json.loads, lines):
            day = date.fromisoformat(pull["commit_date_utc"])
            for rule in review(git, base=pull["base"], head=pull["head"], config=None, today=day).review.rules:
                change = rule.change
                if change.query is not None and change.base is not None and change.head is not None:
                    start = process_time()
                    query = compare(change.base, change.head)
                    seconds = process_time() - start
                    if query is not None:
                        yield Edit(pull["id"], change, query, seconds)


def _at(values: list[float], share: float) -> float:
    """The value below which a share of sorted values lies, in milliseconds."""
    return 1000 * values[min(len(values) - 1, int(len(values) * share))]


def table(found: list[Edit]) -> Iterator[str]:
    """Sum up, a line a language."""
    groups: dict[str, list[Edit]] = defaultdict(list)
    for edit in found:
        if not edit.query.apart:
            groups[edit.query.language or "?"].append(edit)
    yield (
        f"{'language':9}{'edits':>6}{'decided':>9}{'one-sided':>11}{'unknown':>9}{'witness':>9}"
        f"{'median':>12}{'p99':>12}{'max':>12}"
    )
    for language, group in sorted(groups.items()):
        verdicts = Counter(edit.query.verdict for edit in group)
        unknown = verdicts[QueryVerdict.UNKNOWN] / len(group)
        one_sided = sum(verdicts[verdict] for verdict in _ONE_SIDED) / len(group)
        telling = [edit for edit in group if edit.query.verdict in _TELLING]
        witness = sum(edit.query.witness is not None for edit in telling) / (len(telling) or 1)
        times = sorted(edit.seconds for edit in group)
        spent = "".join(f"{_at(times, share):9.1f} ms" for share in (0.5, 0.99, 1))
        yield f"{language:9}{len(group):6}{1 - unknown:9.1%}{one_sided:11.1%}{unknown:9.1%}{witness:9.1%}{spent}"
        yield f"          {', '.join(f'{verdict} {count}' for verdict, count in sorted(verdicts.items()))}"
    reasons = Counter((edit.query.language, edit.query.reason) for edit in found if edit.query.reason)
    yield ""
    yield from (f"{count:5} {language}: {reason}" for (language, reason), count in reasons.most_common())


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tools.query_edits", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="print N edits that are not cosmetic")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "rules.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", CORPUS / "dev.bundle", place], check=True)
        found = list(edits(place))
    print("\n".join(table(found)))
    telling = [edit for edit in found if edit.query.verdict is not QueryVerdict.COSMETIC]
    chosen = random.Random(options.seed).sample(telling, min(options.sample, len(telling)))  # noqa: S311 - no secret
    for edit in chosen:
        print(f"\n==== {edit.pull}\n{render_change(edit.change)}")


if __name__ == "__main__":
    main()
