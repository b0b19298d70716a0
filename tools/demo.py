"""``make demo``: a pull request made for show, and what a maintainer finds there after the action ran.

``make demo REPO=../my-rules BRANCH=tune`` runs the action on a branch of another repository the same way, see
``tools/demo_own.py``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fake_github import APP_TOKEN, FakeGitHub
from tools.demo_page import Held, page

ROOT = Path(__file__).resolve().parent.parent
TODAY = "2026-11-24"
BRANCH = "rename-a-tag"
TITLE = "Rename a tag"
NUMBER = 42
REPOSITORY = "acme/rules"
PAGE = ROOT / "build" / "demo.html"

_DAY = TODAY.replace("-", "/")
_OLD_ENOUGH = "2026/11/01"  # a date that lags behind, whatever the time zone
_FEWEST = 8  # rules that make a bulk change
_OPENED = {"action": "opened"}
_BLOCKED = 1  # the exit status of a review that found an error
_OLDER_ECS = "1.4.0"
_PACK = ("rules", "rules_building_block")
_NEW_PATH = "rules/linux/discovery_demo_account_list_read_by_web_server.toml"
_NEW_RULE = f'''\
[metadata]
creation_date = "{_DAY}"
integration = ["endpoint"]
maturity = "development"
updated_date = "{_DAY}"

[rule]
author = ["Ruleward"]
description = """
A web server started a program that lists the accounts of the host. That is seldom part of serving pages, and often the
first thing somebody does who found a way to run commands through it.
"""
from = "now-9m"
index = ["logs-endpoint.events.process-*"]
language = "eql"
license = "Apache-2.0"
name = "Account List Read by a Web Server"
risk_score = 47
rule_id = "6f0c2a0e-3b1d-4c53-9a57-0d4f1f8c7be2"
severity = "medium"
tags = ["Platform: Linux", "Tactic: Discovery"]
timestamp_override = "event.ingested"
type = "eql"

query = \'\'\'
process where host.os.type == "linux" and event.type == "start" and
  process.parent.name in ("nginx", "apache2", "httpd") and
  process.name in ("getent", "id", "whoami")
\'\'\'
'''


class PackTooSmall(SystemExit):
    """The rule pack has no rule of the kind that the demo needs."""


@dataclass
class Pack:
    """The rules of a folder, edited as text.

    Attributes:
        root: the temporary repository.
        taken: the rules that play a part already.
        told: what was done, a line each.
    """

    root: Path
    taken: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def rules(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield path, text and content of every rule that ships and is old enough, in a fixed order."""
        for folder in _PACK:
            for file in sorted((self.root / folder).rglob("*.toml")):
                text = file.read_text(encoding="utf-8")
                rule = tomllib.loads(text)
                metadata = rule["metadata"]
                if metadata["maturity"] == "production" and metadata["updated_date"] < _OLD_ENOUGH:
                    yield file.relative_to(self.root).as_posix(), text, rule

    def one(self, wanted: str, fits: Callable[[str, dict[str, Any]], bool]) -> str:
        """Return the path of a rule of some kind that plays no part yet."""
        for path, text, rule in self.rules():
            if path not in self.taken and fits(text, rule):
                self.taken.add(path)
                return path
        raise PackTooSmall(f"demo: the rule pack has no {wanted}")

    def edit(self, path: str, *replacements: tuple[str, str]) -> None:
        """Replace patterns that each occur once in a rule."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        for pattern, replacement in replacements:
            text, count = re.subn(pattern, replacement.replace("\\", "\\\\"), text, flags=re.MULTILINE)
            if count != 1:
                raise PackTooSmall(f"demo: {path} has {pattern} {count} times, not once")
        file.write_text(text, encoding="utf-8")


_BUMP = (r'^updated_date = "[^"]*"', f'updated_date = "{_DAY}"')


def _rename_tag(pack: Pack) -> None:
    """Rename the commonest tag in every rule that has it, and hide one narrowed query among them."""
    tags = Counter(tag for _, text, rule in pack.rules() for tag in rule["rule"]["tags"] if text.count(f'"{tag}"') == 1)
    tag, count = max(tags.items(), key=lambda item: (item[1], item[0]))
    if count < _FEWEST:
        raise PackTooSmall(f"demo: the commonest tag of the rule pack is in {count} rules, not in {_FEWEST}")
    family, _, rest = tag.rpartition(": ")
    renamed = f"{_FAMILIES.get(family, 'About')}: {rest}"

    def narrowable(text: str, rule: dict[str, Any]) -> bool:
        query = _query(rule)
        return (
            f'"{tag}"' in text
            and rule["rule"].get("language") in {"eql", "kuery"}
            and rule["rule"]["type"] in {"eql", "query"}
            and "process.name" in query
            and query.endswith(")")
            and not query.startswith(("sequence", "sample"))
            and "|" not in query
            and text.count(query) == 1
        )

    narrow = pack.one(f"single-event query over process.name that is tagged {tag!r}", narrowable)
    members = [path for path, text, _ in pack.rules() if text.count(f'"{tag}"') == 1 and path not in pack.taken]
    for path in (*members, narrow):
        pack.edit(path, (re.escape(f'"{tag}"'), f'"{renamed}"'), _BUMP)
    query = _query(tomllib.loads((pack.root / narrow).read_text(encoding="utf-8")))
    hidden = f'{query} and\n  not process.working_directory : "/var/www/*"'
    pack.edit(narrow, (re.escape(query), hidden))
    pack.told += [
        f"the tag {tag!r} becomes {renamed!r} in {len(members) + 1} rules, dates bumped",
        f"among them, {narrow} gains an exclusion that nobody mentions",
    ]


def _query(rule: dict[str, Any]) -> str:
    return str(rule["rule"].get("query", "")).strip()


def _forget_the_date(pack: Pack) -> None:
    path = pack.one("rule of medium severity and risk 47", lambda _, rule: rule["rule"].get("risk_score") == _MEDIUM)
    pack.edit(path, (r"^risk_score = 47$", "risk_score = 73"), (r'^severity = "medium"$', 'severity = "high"'))
    pack.told.append(f"{path} goes from medium to high, its updated_date stays")


_MEDIUM = 47
_FAMILIES = {"Domain": "Area", "OS": "Platform", "Platform": "OS", "Use Case": "Purpose", "Data Source": "Source"}


def _break(pack: Pack) -> None:
    def named(text: str, rule: dict[str, Any]) -> bool:
        return f'\nname = "{rule["rule"]["name"]}"\n' in text

    path = pack.one("rule with its name on one line", named)
    name = tomllib.loads((pack.root / path).read_text(encoding="utf-8"))["rule"]["name"]
    pack.edit(path, (rf'^name = "{re.escape(name)}"$', f'name = "{name}'))
    pack.told.append(f"{path} loses a quotation mark and is no TOML any more")


def _half_deprecate(pack: Pack) -> None:
    path = pack.one("second plain rule", lambda _, rule: "building_block_type" not in rule["rule"])
    pack.edit(path, (r'^maturity = "production"', 'maturity = "deprecated"'), _BUMP)
    pack.told.append(f"{path} is called deprecated, but stays where it is and has no deprecation_date")


def _lower_ecs(pack: Pack) -> None:
    def declares(text: str, rule: dict[str, Any]) -> bool:
        versions = rule["metadata"].get("ecs_version")
        lower = versions and all(_version(each) > _version(_OLDER_ECS) for each in versions)
        return bool(lower) and len(re.findall(r"^ecs_version = \[[^\]]*\]", text, re.MULTILINE)) == 1

    path = pack.one(f"rule with an ecs_version above {_OLDER_ECS}", declares)
    pack.edit(path, (r"^ecs_version = \[[^\]]*\]", f'ecs_version = ["{_OLDER_ECS}"]'), _BUMP)
    pack.told.append(f"{path} goes back to ecs_version {_OLDER_ECS}")


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _add(pack: Pack) -> None:
    place = pack.root / _NEW_PATH
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(_NEW_RULE, encoding="utf-8")
    pack.told.append(f"{_NEW_PATH} is new")


@contextmanager
def pull_request() -> Iterator[Pack]:
    """Build the repository: the pack on main, the pull request on a branch."""
    missing = [name for name in ("rules", ".github/ruleward.toml") if not (ROOT / name).exists()]
    if missing:
        raise PackTooSmall(f"demo: there is no {missing[0]} to build on")
    with tempfile.TemporaryDirectory(prefix="ruleward-demo-") as folder:
        pack = Pack(Path(folder))
        for name in _PACK:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, pack.root / name)
        (pack.root / ".github").mkdir()
        shutil.copy(ROOT / ".github" / "ruleward.toml", pack.root / ".github")
        _git(pack.root, "init", "--quiet", "--initial-branch", "main")
        _commit(pack.root, "The rule pack")
        _git(pack.root, "checkout", "--quiet", "-b", BRANCH)
        for step in (_forget_the_date, _half_deprecate, _lower_ecs, _rename_tag, _break, _add):
            step(pack)
        _commit(pack.root, "Rename a tag")
        yield pack


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", message)


def _git(root: Path, *arguments: str) -> None:
    """Run git as if nobody had configured anything, always on the same day."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": f"{TODAY}T09:00:00Z",
        "GIT_COMMITTER_DATE": f"{TODAY}T09:00:00Z",
    }
    who = ("-c", "user.name=Demo", "-c", "user.email=demo@example.org")
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"demo: git {arguments[0]} failed: {done.stderr.strip()}")


def _run(root: Path, format_name: str) -> str:
    """Review the pull request with the command that everybody uses."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = ["review", "--base", "main", "--head", BRANCH, "--today", TODAY, "--format", format_name]
    done = subprocess.run(
        [sys.executable, "-m", "bot", *command],
        cwd=root,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != _BLOCKED or not done.stdout.strip():  # a crash ends with 1 too, and prints nothing
        raise SystemExit(f"demo: no review that objects, but status {done.returncode}:\n{done.stderr}{done.stdout}")
    return done.stdout


def review(format_name: str) -> str:
    """Return the review of the demo's pull request."""
    with pull_request() as pack:
        return _run(pack.root, format_name)


def act(
    github: FakeGitHub,
    folder: Path,
    *,
    today: str = TODAY,
    wanted: Collection[int] = (_BLOCKED,),
    event: Mapping[str, object] = _OPENED,
) -> str:
    """Run the action on the pull request as a workflow would, and return what it wrote to its log.

    Args:
        github: that holds the pull request.
        folder: for what the runner keeps.
        today: the day of the review, empty for the real one.
        wanted: the exit statuses that it may end with.
        event: what happened to it.
    """
    payload = folder / "event.json"
    payload.write_text(json.dumps({"number": NUMBER, **event}), encoding="utf-8")
    runner = {
        "GITHUB_API_URL": github.api_url,
        "GITHUB_SERVER_URL": github.server_url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_EVENT_PATH": str(payload),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "RUNNER_TEMP": str(folder),
        "INPUT_TOKEN": APP_TOKEN,
        **({"RULEWARD_TODAY": today} if today else {}),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }
    dropped = ("GITHUB_", "RUNNER_", "INPUT_")
    outer = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    outer.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "bot", "action"]
    done = subprocess.run(
        command, cwd=folder, env=outer | runner, capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    if done.returncode not in wanted:
        raise SystemExit(f"demo: no review that objects, but status {done.returncode}:\n{done.stderr}{done.stdout}")
    return done.stdout


def status(held: Held) -> str:
    """Return the commit status in a line."""
    return f"Commit status  {held.state}  {held.context}  {held.description}"


def show(log: str, held: Held) -> None:
    """Print what a run left."""
    title("the action's log")
    print(log.rstrip())
    title("the comment, in Markdown")
    print(held.comment.rstrip() or "None: there is nothing that would be worth one.")
    title("and beside it")
    print(status(held))
    print(f"Labels         {', '.join(held.labels)}")
    for each in held.inline:
        print(f"On {each.path}:{each.line}\n{textwrap.indent(each.body.partition(chr(10))[2], '    ')}")


@contextmanager
def on_github() -> Iterator[tuple[Pack, FakeGitHub]]:
    """Open the pull request on a GitHub that runs in this process, on this machine alone."""
    with pull_request() as pack:
        head = _said(pack.root, "rev-parse", BRANCH)
        _git(pack.root, "checkout", "--quiet", "main")
        with FakeGitHub(pack.root, repo=REPOSITORY, described=False) as github:
            github.open_pull(NUMBER, head=head, author="ada", title=TITLE, head_ref=BRANCH)
            yield pack, github


def main() -> None:
    """Print what the pull request does, and what GitHub holds after the action ran; write the page that it shows."""
    with on_github() as (pack, github), tempfile.TemporaryDirectory(prefix="ruleward-demo-") as folder:
        print(f'A pull request called "{TITLE}". What it does:\n')
        for line in pack.told:
            print(f"- {line}")
        log = act(github, Path(folder))
        held = Held.read(github, NUMBER)
        show(log, held)
        github.forget()
        act(github, Path(folder))
        print(f"\nRun again, the action asks {len(github.calls)} times and writes {len(github.writes)} times.")
        title("the review in a terminal")
        print(_run(pack.root, "text").rstrip())
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(held, pack.root), encoding="utf-8")
    print(f"\n{'':=^120}\n")
    print("The action's exit status is 1, and the commit status a failure: a required one holds the pull request back.")
    print(f"How GitHub shows it: {PAGE.relative_to(ROOT)}, a page for your browser.")


def title(text: str) -> None:
    """Print the heading of a part."""
    print(f"\n{f' What GitHub holds: {text} ':=^120}\n")


def _said(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
