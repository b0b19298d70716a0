"""``make demo REPO=../my-rules BRANCH=tune``: the action on a pull request of your own, on a GitHub of this machine.

With ``LABEL="waive: updated-date-not-bumped"`` a maintainer puts that label on once the action ran, and it runs again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.collect.git import Git
from bot.model import RulewardError
from tests.fake_github import FakeGitHub
from tools.demo import NUMBER, REPOSITORY, act, show, status
from tools.demo_page import Held

_MAINTAINER = "grace"
_ENDS = range(4)  # whatever a review may end with: pass, block, a broken config, incomplete


def main(repo: Path, branch: str, labels: Sequence[str] = ()) -> None:
    """Open a pull request from a branch to the default branch, run the action, and print what is there then.

    The repository is only fetched from.

    Args:
        repo: it, with a work tree or bare.
        branch: a branch of it, or HEAD.
        labels: what a maintainer puts on after the first run; after each the action runs again.
    """
    git = Git(repo)
    if (ids := git.text("rev-parse", "--show-object-format")) != "sha1":
        raise RulewardError(f"{repo}: its ids are of {ids}; the demo's GitHub knows sha1 alone")
    base, commit = git.default_branch()
    head = git.commit(branch)
    with tempfile.TemporaryDirectory(prefix="ruleward-demo-") as folder:
        copy = Path(folder, "rules.git")
        target = base.removeprefix("origin/")
        wanted = [f"{commit}:refs/heads/{target}", f"{head}:refs/demo/head"]
        subprocess.run(["git", "init", "--quiet", "--bare", copy], check=True)
        fetch = ("git", "fetch", "--quiet", "--update-shallow")
        subprocess.run([*fetch, git.directory.resolve(), *wanted], cwd=copy, check=True)
        with FakeGitHub(copy, repo=REPOSITORY, described=False) as github:
            title = git.text("log", "-1", "--format=%s", head)
            name = git.text("rev-parse", "--abbrev-ref", branch)
            github.open_pull(NUMBER, head=head, base=target, title=title, head_ref=name)
            log = act(github, Path(folder), today="", wanted=_ENDS)
            for label in labels:
                print(status(Held.read(github, NUMBER)))
                print(f"{_MAINTAINER}, a maintainer, puts the label `{label}` on, and the action runs again.")
                log = _labelled(github, Path(folder), label)
            show(log, Held.read(github, NUMBER))


def _labelled(github: FakeGitHub, folder: Path, label: str) -> str:
    """Put a label on as somebody who may, and run the action on that."""
    github.set_permission(_MAINTAINER, "maintain")
    github.label_as(_MAINTAINER, label)
    return act(github, folder, today="", wanted=_ENDS, event={"action": "labeled", "label": {"name": label}})


if __name__ == "__main__":
    try:
        main(
            Path(sys.argv[1]), sys.argv[2], [each.strip() for each in ",".join(sys.argv[3:]).split(",") if each.strip()]
        )
    except RulewardError as error:
        raise SystemExit(f"demo: {error}") from error
