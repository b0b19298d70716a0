"""A real git repository in a temporary folder, made in a few words."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

RULE_ID = "11111111-2222-4333-8444-555555555555"
QUERY = 'process where process.name == "a.exe"'

# Without the second, every commit would start another git that looks whether there is something to tidy up.
_SETTINGS = ("-c", "protocol.file.allow=always", "-c", "maintenance.auto=false")


def rule_text(
    *,
    rule_id: str = RULE_ID,
    name: str = "A rule",
    query: str = QUERY,
    maturity: str = "production",
    created: str = "2024/01/01",
    updated: str = "2025/01/01",
    metadata: str = "",
    rule: str = "",
) -> str:
    """A small but whole rule."""
    return (
        f'[metadata]\ncreation_date = "{created}"\nmaturity = "{maturity}"\nupdated_date = "{updated}"\n{metadata}'
        f'\n[rule]\nauthor = ["Us"]\ndescription = "What it finds."\nlanguage = "eql"\nname = "{name}"\n'
        f'risk_score = 47\nrule_id = "{rule_id}"\nseverity = "medium"\ntags = ["One", "Two"]\ntype = "eql"\n{rule}'
        f"query = '''\n{query}\n'''\n"
    )


def other_id(number: int) -> str:
    """An id of its own for each number."""
    return f"{number:08x}-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Repository:
    """Files and commits; dates and names are fixed, so that the same steps give the same ids."""

    path: Path

    def git(self, *arguments: str, day: str = "2026-01-02") -> str:
        """Run git here; ``day`` is that of a commit."""
        environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": f"{day}T03:04:05Z",
            "GIT_COMMITTER_DATE": f"{day}T03:04:05Z",
        }
        done = subprocess.run(
            ["git", *_SETTINGS, *arguments],
            cwd=self.path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """Write some files; None removes one."""
        for name, content in files.items():
            place = self.path / name
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: dict[str, str | bytes | None], message: str = "change", *, day: str = "2026-01-02") -> str:
        """Write some files and commit everything."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message, day=day)
        folder = self.path / ".git"
        head = (folder / "HEAD").read_text("ascii").strip()
        return (folder / head.removeprefix("ref: ")).read_text("ascii").strip() if head.startswith("ref: ") else head


def new_repository(path: Path) -> Repository:
    """An empty repository whose branch is main."""
    path.mkdir(parents=True, exist_ok=True)
    made = Repository(path)
    made.git("init", "--quiet", "--initial-branch", "main", "--template=")
    return made
