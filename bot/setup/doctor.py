"""``ruleward doctor``: whether workflows, config and tools fit together, without asking any network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.config import LABELS, ConfigError, read_config
from bot.model import RulewardError
from bot.settings import CONFIG_PATH, Settings
from bot.setup.init import left_out, owners_file
from bot.setup.wiring import Line, Use, check, queue_wanted, uses_of
from bot.setup.workflows import FOLDER

_GIT = (2, 31)  # the first that takes its settings from the environment, which keeps the token out of arguments
_PYTHON = (3, 11)
_LONGEST = 1_000_000
_OWN = re.compile(r"^name: Ruleward$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The default branch, and the config that it holds."""

    branch: str
    config: bytes | None


def examine(repo: Path, inputs: Collection[str], merged: Merged | None = None) -> list[Line]:
    """Look at a repository.

    Args:
        repo: the top of a work tree.
        inputs: that the action knows.
        merged: what reviews go by, None where there is no default branch.

    Raises:
        RulewardError: this is no work tree, or one without what is looked at.
    """
    if not (repo / ".git").exists():
        raise RulewardError(f"{repo}: not the top of a git work tree; go there, or name it with --repo")
    if left_out(repo, ".github"):
        raise RulewardError(".github: this sparse checkout leaves it out; `git sparse-checkout add .github` brings it")
    return [*workflows(repo, inputs), *config(repo, merged), *tools()]


def workflows(repo: Path, inputs: Collection[str]) -> Iterator[Line]:
    """Look at every workflow that runs Ruleward."""
    texts = {f"{FOLDER}/{file.name}": _read(file) for file in sorted((repo / FOLDER).glob("*.y*ml"))}
    own = (repo / "action.yml").is_file() and bool(_OWN.search(_read(repo / "action.yml")))
    found: list[Use] = []
    for path, text in texts.items():
        uses, lines = uses_of(path, text, own=own)
        found += uses
        yield from lines
    queue = any(map(queue_wanted, texts.values())) and not any(use.queued for use in found)
    for use in found:
        yield from check(use, inputs=inputs, queue=queue)
    writing = [use for use in found if use.writes]
    reviews = sum(bool(use.pulls) and not use.audits for use in writing)
    audits = sum(use.audits for use in writing)
    # nobody has to audit, and another repository may do it for a whole organisation
    for kind, count, wanted in (("reviews pull requests", reviews, True), ("audits the rules", audits, False)):
        if count == 0:
            text = f"no workflow {kind}: `ruleward init` writes one"
            yield Line(good=not wanted, note=not wanted, text=text, place=FOLDER)
        elif count > 1:
            yield Line(
                good=False, text=f"{count} steps run Ruleward and {kind.partition(' ')[0]}: keep one", place=FOLDER
            )


def _read(file: Path) -> str:
    try:
        return file.read_bytes()[:_LONGEST].decode("utf-8", "replace")
    except OSError as error:
        raise RulewardError(f"{file}: cannot be read: {error.strerror}") from error


# --- the config -------------------------------------------------------------------------------------------------------


def config(repo: Path, merged: Merged | None = None) -> Iterator[Line]:
    """Look at the config, and at the files that it names."""
    file = repo / CONFIG_PATH
    if file.is_symlink():
        text = "is a symbolic link, which is never followed: put the file itself there"
        yield Line(good=False, text=text, place=CONFIG_PATH)
        return
    if not file.is_file():
        yield Line(good=True, text=f"no {CONFIG_PATH}: the defaults hold; `ruleward init` writes one with comments")
        settings = Settings()
    else:
        try:
            settings = read_config(file.read_bytes())
        except ConfigError as error:
            for fault in error.faults:
                yield Line(good=False, text=fault.message, place=f"{fault.path}:{fault.line}:{fault.column}")
            return
        yield Line(good=True, text="the config can be read", place=CONFIG_PATH)
        if merged is not None:
            yield from _merged(repo, merged)
    yield from _rules(repo, settings)
    yield from _named(repo, settings)
    yield from _labels(settings)
    yield from _excepted(repo, settings)
    if len(settings.status.context.replace("{base}", "main")) > _CONTEXT_LIMIT:
        yield Line(
            good=False, text=f"status.context is over {_CONTEXT_LIMIT} characters: shorten it", place=CONFIG_PATH
        )


_CONTEXT_LIMIT = 255


def _merged(repo: Path, merged: Merged) -> Iterator[Line]:
    """Say where reviews go by another config than the one looked at, for they take the base branch's."""
    if merged.config != (repo / CONFIG_PATH).read_bytes():
        has = "has none" if merged.config is None else "has another"
        until = f"until then `ruleward review --config {CONFIG_PATH}` tries it"
        text = f"counts once it is on `{merged.branch}`, which {has}: {until}"
        yield Line(good=True, note=True, text=text, place=CONFIG_PATH)


def _rules(repo: Path, settings: Settings) -> Iterator[Line]:
    paths = (file.relative_to(repo).as_posix() for file in repo.rglob("*.toml"))
    count = sum(settings.rules.governs(path) for path in paths)
    patterns = ", ".join(settings.rules.include)
    if count:
        found = "1 rule file matches" if count == 1 else f"{count:,} rule files match"
        yield Line(good=True, text=f"{found} {patterns}")
    else:
        yield Line(good=False, text=f"no file matches {patterns}: set `include` under [rules]", place=CONFIG_PATH)


def _named(repo: Path, settings: Settings) -> Iterator[Line]:
    """Look for the files that the config names."""
    for key, path in (
        ("comment.template", settings.comment.template),
        ("ecs.schemas", settings.ecs.schemas),
        ("ecs.stack_map", settings.ecs.stack_map),
    ):
        if path:
            there = (repo / path).exists()
            text = f"{key}: `{path}` is there" if there else f"{key}: there is no `{path}`: add it, or correct the path"
            yield Line(good=there, text=text, place=CONFIG_PATH if there else str(settings.place(key)))
    owners = settings.audit.owners
    other = owners_file(repo)
    if (repo / owners).is_file():
        yield Line(good=True, text=f"the audit finds owners in {owners}")
    elif other:
        text = f"audit.owners: there is no `{owners}`, but `{other}`: set `owners` under [audit] to it"
        yield Line(good=False, text=text, place=CONFIG_PATH)
    else:
        yield Line(good=True, text="no CODEOWNERS: the audit names no owners")


def _excepted(repo: Path, settings: Settings) -> Iterator[Line]:
    """Look for the rules that exceptions name by their path: one that names none covers nothing, in silence."""
    for each in settings.exceptions:
        if each.path and not (repo / each.path).is_file():
            text = f"exceptions: there is no `{each.path}` for `{each.policy}`: correct the path, or take it out"
            yield Line(good=False, text=text, place=f"{CONFIG_PATH}:{each.line}" if each.line else CONFIG_PATH)


def _labels(settings: Settings) -> Iterator[Line]:
    """Look at the labels' names; their length and colour are the config's business."""
    named = {key: style.name or key for key, style in settings.labels.items()}
    held = Counter(named.get(key, key).lower() for key in LABELS)
    good = True
    for key, name in named.items():
        if held[name.lower()] > 1:
            good = False
            text = f"labels: two labels are named `{name}`, and GitHub knows no capitals: rename `{key}`"
            yield Line(good=False, text=text, place=CONFIG_PATH)
        if name.lower().startswith("waive:"):
            good = False
            text = f"labels: `{key}` is named like a waiver: choose a name that does not begin with `waive:`"
            yield Line(good=False, text=text, place=CONFIG_PATH)
    if named and good:
        yield Line(good=True, text=f"{len(named)} labels have a name or a look of their own")


# --- the tools --------------------------------------------------------------------------------------------------------


def tools() -> Iterator[Line]:
    """Look at the machine's git and Python."""
    version = git_version()
    if version is None:
        yield Line(good=False, text="git does not run: install it, and put it on the PATH")
    else:
        yield _tool("git", version, _GIT)
    yield _tool("Python", sys.version_info[:2], _PYTHON)


def _tool(name: str, version: tuple[int, ...], least: tuple[int, ...]) -> Line:
    have, need = (".".join(map(str, each)) for each in (version, least))
    if version >= least:
        return Line(good=True, text=f"{name} {have}")
    return Line(good=False, text=f"{name} {have} is too old: install {need} or newer")


def git_version() -> tuple[int, ...] | None:
    """Return the first two numbers of git's version, None where it does not run."""
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, check=False)
    except OSError:
        return None
    found = re.search(rb"(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else None


__all__ = ["Line", "Merged", "examine"]
