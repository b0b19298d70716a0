"""``ruleward init``: the workflows and a commented config, written where there are none yet."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from bot import __file__ as _here
from bot import __version__
from bot.model import Level, RulewardError, toml_string
from bot.policy import Policy, all_policies
from bot.settings import CONFIG_PATH, Audit, RuleFiles
from bot.setup.workflows import ACTION, AUDIT, EVENTS, FOLDER, REVIEW, workflow

OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for owners; the first that exists counts."""

_PIN = re.compile(r"\w(?:[\w-]|[./](?=\w))*(?: # [\w.-]+)?")
_PLACES = frozenset({"GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"})
_SHA = re.compile(r"[0-9a-f]{40}")
_RULE = re.compile(rb"^\[rule\]", re.MULTILINE)
_METADATA = re.compile(rb"^\[metadata\]", re.MULTILINE)
_SPECIAL = re.compile(r"([*?\[\]\\])")
_NAMED_FOR_RULES = re.compile(r"(?<![a-z])(?:rule|detection)s?(?![a-z])", re.IGNORECASE)
_OVER = re.compile(rb"""^[ \t]*maturity[ \t]*=[ \t]*["']deprecated["']""", re.MULTILINE)
_IN_THE_USUAL = RuleFiles().deprecated[0].replace("**", "a.toml")
_RETIRED = frozenset({"_deprecated", "deprecated"})
_TESTS = frozenset({"test", "tests"})
_SKIPPED = frozenset({"node_modules", "venv", "__pycache__"})


class Profile(StrEnum):
    """How stern a repository begins."""

    ELASTIC = "elastic"
    STRICT = "strict"
    OBSERVE = "observe"


_ABOUT = {
    Profile.ELASTIC: "# The defaults, made for rules as Elastic keeps them. A level is error, warning, notice or off.",
    Profile.STRICT: "# Strict: what is a warning by default blocks here, and what is off is at least told.",
    Profile.OBSERVE: "# Watching only. To block, take out a line here, and `fail-on: never` in the workflow.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of a repository; ``new`` tells whether it was written, or left as it was."""

    path: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where a repository keeps its rules, as patterns of the config."""

    include: tuple[str, ...]
    deprecated: tuple[str, ...]


def write_files(repo: Path, *, profile: Profile, event: str = EVENTS[0], pin: str) -> list[Written]:
    """Write the workflows and the config; a file that exists is never touched.

    Args:
        repo: the top of a work tree.
        profile: how stern the config is.
        event: what makes a review run.
        pin: the version of the action, perhaps with a comment behind it.

    Raises:
        RulewardError: this is no work tree, the version is none, or a file cannot be written.
    """
    if not _PIN.fullmatch(pin):
        raise RulewardError(f"--pin: `{pin}` is no version of the action: name a commit, a tag or a branch")
    if not (repo / ".git").exists():
        raise RulewardError(f"{repo}: not the top of a git work tree; go there, or name it with --repo")
    uses = f"{ACTION}@{pin}"
    texts = {
        f"{FOLDER}/{REVIEW}": workflow(REVIEW, uses=uses, event=event, observe=profile is Profile.OBSERVE),
        f"{FOLDER}/{AUDIT}": workflow(AUDIT, uses=uses),
        CONFIG_PATH: config_text(profile, rule_folders(repo), owners_file(repo)),
    }
    there = left_out(repo, *texts)
    return [Written(path=path, new=path not in there and _write(repo / path, text)) for path, text in texts.items()]


def left_out(repo: Path, *paths: str) -> frozenset[str]:
    """Return the files, of some or below some folders, that a sparse checkout leaves out of the work tree."""
    rows = _git(repo, "ls-files", "-t", "--", *paths).splitlines()
    return frozenset(row.removeprefix("S ") for row in rows if row.startswith("S "))


def _write(place: Path, text: str) -> bool:
    """Write a new file; False where there is one already."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise RulewardError(f"{place}: cannot be written: {error.strerror}") from error
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A version of the action to write, and what is to be known of it, if anything."""

    version: str
    note: str = ""


def own_pin() -> Pin:
    """Return the version that this is: the commit where it runs from a clone, else the release's tag."""
    root = Path(_here).resolve().parent.parent
    tag = f"v{__version__}"
    commit = _git(root, "rev-parse", "HEAD") if (root / ".git").exists() and (root / "action.yml").is_file() else ""
    if not _SHA.fullmatch(commit):
        note = f"The action is pinned to the tag {tag}, which can be moved, for this runs from no clone of Ruleward."
        return Pin(version=tag, note=f"{note} A commit is given with --pin.")
    if tag in _git(root, "tag", "--points-at", "HEAD").splitlines():
        return Pin(version=f"{commit} # {tag}")
    if _git(root, "for-each-ref", "--count=1", "--contains", "HEAD", "refs/remotes"):
        return Pin(version=commit)
    note = f"The action is pinned to {commit[:12]}, which no remote branch of this clone of Ruleward holds:"
    return Pin(version=commit, note=f"{note} GitHub finds it only once it is pushed. Another is given with --pin.")


def _git(root: Path, *arguments: str) -> str:
    """Ask git something about a clone, whatever a hook's variables name; nothing where it does not know."""
    here = {key: value for key, value in os.environ.items() if key not in _PLACES}
    try:
        command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]  # that setting may name a program
        done = subprocess.run(command, capture_output=True, check=False, env=here)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def owners_file(repo: Path) -> str | None:
    """Return where a repository's owners are, None where it names none."""
    return next((path for path in OWNERS if (repo / path).is_file()), None)


# --- where the rules are ----------------------------------------------------------------------------------------------


def rule_folders(repo: Path) -> Folders:
    """Look for rule files; the defaults where there are none."""
    found = dict(_rule_files(repo))
    kept = [path for path in found if path.parts[0].lower() not in _TESTS] or list(found)
    if not kept:
        return Folders(include=RuleFiles().include, deprecated=RuleFiles().deprecated)
    homes = {_home(path) for path in kept}
    tops = {home.as_posix() if home.parts else "" for home in homes if homes.isdisjoint(_above(home))}
    retired = {parent for path in kept for parent in path.parents if parent.name.lower() in _RETIRED}
    include = tuple(sorted(f"{_literal(top)}/**/*.toml" if top else "/*.toml" for top in tops))
    deprecated = tuple(sorted(f"{_literal(folder.as_posix())}/**" for folder in retired))
    if not retired and not any(found[path] for path in kept) and RuleFiles(include=include).governs(_IN_THE_USUAL):
        deprecated = RuleFiles().deprecated  # nothing is deprecated yet; where rules are kept in place, there is none
    return Folders(include=include, deprecated=deprecated)


def _home(path: Path) -> Path:
    """Return the folder that a rule's future neighbours belong in: the first one named for rules, else the topmost.

    Deeper ones are kinds of rules, and there will be others; what lies beside the rules is somebody else's TOML.
    """
    folders = path.parts[:-1]
    named = next((count for count, name in enumerate(folders, 1) if _NAMED_FOR_RULES.search(name)), 1)
    return Path(*folders[:named])


def _above(folder: Path) -> Iterator[Path]:
    """Yield the folders around a folder, the repository itself apart: its pattern takes in no folder."""
    yield from (each for each in folder.parents if each.parts)


def _rule_files(repo: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the paths of TOML files with the two tables of a rule, and whether each says that it is deprecated."""
    for folder, folders, names in os.walk(repo):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _SKIPPED)
        for name in sorted(names):
            file = Path(folder, name)
            if name.endswith(".toml") and file.is_file() and not file.is_symlink():
                data = file.read_bytes()[: RuleFiles().max_bytes]
                if _RULE.search(data) and _METADATA.search(data):
                    yield file.relative_to(repo), _OVER.search(data) is not None


def _literal(path: str) -> str:
    """Write a path as a pattern that means it alone."""
    text = _SPECIAL.sub(r"\\\1", path)
    return f"\\{text}" if text.startswith(("!", "#")) else text


# --- the config -------------------------------------------------------------------------------------------------------


def config_text(profile: Profile, folders: Folders, owners: str | None) -> str:
    """Return the config of a profile: what differs from the defaults, and the defaults behind a ``#``."""
    text = (files("bot") / "templates" / "ruleward.toml").read_text(encoding="utf-8")
    place = owners or Audit().owners
    mark = "#" if place == Audit().owners else ""
    parts = {
        "rules": _rules(folders),
        "policies": "\n".join([_ABOUT[profile], *(_policy(profile, each) for each in all_policies().values())]),
        "owners": f"{mark}owners = {toml_string(place)}",
    }
    for name, content in parts.items():
        text = text.replace(f"{{{{ {name} }}}}", content)
    return text


def _rules(folders: Folders) -> str:
    usual = RuleFiles()
    lines = ["[rules]", "# Globs as in .gitignore."]
    for key, found, default in (
        ("include", folders.include, usual.include),
        ("exclude", usual.exclude, usual.exclude),
        ("deprecated", folders.deprecated, usual.deprecated),
    ):
        mark = "#" if found == default else ""
        lines.append(f"{mark}{key} = [{', '.join(map(toml_string, found))}]")
    return "\n".join([*lines, f"#max_bytes = {usual.max_bytes}", ""])


def _policy(profile: Profile, policy: Policy) -> str:
    level = level_in(profile, policy)
    mark = "#" if level is policy.level else ""
    return f'{mark}{policy.id} = "{level}"  # {policy.summary}'


def level_in(profile: Profile, policy: Policy) -> Level:
    """Return the level that a profile gives a policy."""
    if profile is Profile.STRICT:
        return {Level.WARNING: Level.ERROR, Level.OFF: Level.NOTICE}.get(policy.level, policy.level)
    if profile is Profile.OBSERVE and policy.level is Level.ERROR:
        return Level.WARNING
    return policy.level


__all__ = [
    "Folders",
    "Pin",
    "Profile",
    "Written",
    "config_text",
    "left_out",
    "level_in",
    "own_pin",
    "owners_file",
    "rule_folders",
    "write_files",
]
