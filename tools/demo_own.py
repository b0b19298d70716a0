"""``make demo REPO=../my-rules BRANCH=tune``: the action on a pull request of your own, on a GitHub of this machine."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bot.collect.git import Git
from bot.model import RulewardError
from tests.fake_github import FakeGitHub
from tools.demo import NUMBER, REPOSITORY, act, show
from tools.demo_page import Held

_ENDS = range(4)  # whatever a review may end with: pass, block, a broken config, incomplete


def main(repo: Path, branch: str) -> None:
    """Open a pull request from a branch to the default branch, run the action, and print what is there then.

    The repository is only fetched from.

    Args:
        repo: it, with a work tree or bare.
        branch: a branch of it, or HEAD.
    """
    git = Git(repo)
    base, commit = git.default_branch()
    head = git.commit(branch)
    with tempfile.TemporaryDirectory(prefix="ruleward-demo-") as folder:
        copy = Path(folder, "rules.git")
        target = base.removeprefix("origin/")
        wanted = [f"{commit}:refs/heads/{target}", f"{head}:refs/demo/head"]
        subprocess.run(["git", "init", "--quiet", "--bare", copy], check=True)
        subprocess.run(["git", "fetch", "--quiet", git.directory.resolve(), *wanted], cwd=copy, check=True)
        with FakeGitHub(copy, repo=REPOSITORY, described=False) as github:
            title = git.text("log", "-1", "--format=%s", head)
            name = git.text("rev-parse", "--abbrev-ref", branch)
            github.open_pull(NUMBER, head=head, base=target, title=title, head_ref=name)
            log = act(github, Path(folder), today="", wanted=_ENDS)
            show(log, Held.read(github, NUMBER))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except RulewardError as error:
        raise SystemExit(f"demo: {error}") from error
