"""``python -m tools.ecs_fields``: rewrites ``bot/data/ecs_*.txt`` from the npm package ``@elastic/ecs``.

Needs npm and node. The package is under the Apache License 2.0; of it, the names of the fields are taken.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "@elastic/ecs"
VERSIONS = ("8.11.1", "8.11.5", "9.0.0", "9.3.0", "9.4.0")
DATA = Path(__file__).resolve().parent.parent / "bot" / "data" / "ecs_fields.txt"
LISTS = DATA.with_name("ecs_lists.txt")
_OPEN = frozenset({"object", "flattened", "nested"})
_SHOW = "process.stdout.write(JSON.stringify(require(process.argv[1]).EcsFlat))"
_HEAD = """\
# The fields of the Elastic Common Schema (ECS)%s
# Made by `python -m tools.ecs_fields` from the npm package @elastic/ecs,
# Copyright Elasticsearch B.V., under the Apache License 2.0.
"""
_BY_VERSION = """, by version: those of a section are in every version it names.
# `name.*` may hold any field below it."""
_SEVERAL = " that hold a list of values in any of its versions; every other one holds a single value."


def fetched(version: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Fetch one version of the package and return its flat schema."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{version}"]
    archive = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    place = folder / version
    with tarfile.open(folder / archive) as package:
        package.extractall(place, filter="data")
    module = place / "package" / "build" / "commonjs" / "ecs_flat.js"
    shown = subprocess.run(["node", "-e", _SHOW, str(module)], check=True, capture_output=True, text=True).stdout
    schema: dict[str, dict[str, Any]] = json.loads(shown)
    return schema


def names(schema: dict[str, dict[str, Any]]) -> set[str]:
    """Return the fields and their multi-fields; an object is left out, or ends in ``.*`` if it may hold anything."""
    found: set[str] = set()
    parents = {name.rpartition(".")[0] for name in schema}
    for name, field in schema.items():
        found.update(each["flat_name"] for each in field.get("multi_fields", ()))
        if field["type"] not in _OPEN:
            found.add(name)
        elif name not in parents:
            found.add(f"{name}.*")
    return found


def several(schema: dict[str, dict[str, Any]]) -> set[str]:
    """Return the fields that hold a list of values."""
    return {name for name, field in schema.items() if "array" in field.get("normalize", ())}


def written(sets: dict[str, set[str]]) -> str:
    """Write each name once, under the versions that have it."""
    sections: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(set().union(*sets.values())):
        sections.setdefault(tuple(version for version, held in sets.items() if name in held), []).append(name)
    pages = [f"[{' '.join(versions)}]\n" + "\n".join(held) + "\n" for versions, held in sorted(sections.items())]
    return _HEAD % _BY_VERSION + "\n" + "\n".join(pages)


def main() -> None:
    """Fetch, and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        schemas = {version: fetched(version, Path(folder)) for version in VERSIONS}
    sets = {version: names(schema) for version, schema in schemas.items()}
    DATA.write_text(written(sets), encoding="utf-8")
    lists = sorted(set().union(*map(several, schemas.values())))
    LISTS.write_text(_HEAD % _SEVERAL + "\n" + "\n".join(lists) + "\n", encoding="utf-8")
    print(f"{DATA}: " + ", ".join(f"{version} {len(held)}" for version, held in sets.items()))


if __name__ == "__main__":
    main()
