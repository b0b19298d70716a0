"""``python -m tools.openapi``: the part of GitHub's published OpenAPI description that the fake GitHub answers to.

The description comes from the npm package ``@octokit/openapi`` (MIT). What is kept: the operations that have a route in
``tests/fake_github``, and the schemas they name, in the form of JSON Schema and without prose.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import tests.fake_github.endpoints  # noqa: F401  # adds the routes
from tests.fake_github.routing import ROUTES

PACKAGE = "@octokit/openapi@23.0.2"
TARGET = Path(__file__).resolve().parent.parent / "tests" / "fake_github"

Schema: TypeAlias = dict[str, Any]

# Names whose value is a table of names, not a schema.
_TABLES = ("properties", "patternProperties")
_KEPT = (
    "$ref additionalProperties allOf anyOf enum items maxItems maxLength maximum minItems minLength minimum oneOf "
    "pattern patternProperties properties required type"
)
# What the server does against its own description. A line that a push has touched, the repository of a fork that is
# gone, and what a label does not say, are null; labels may be sent as a bare list, which is what PyGithub does.
_NULL = (
    ("pull-request", "properties", "head", "properties", "repo"),
    ("pull-request-simple", "properties", "head", "properties", "repo"),
    ("pull-request-simple", "properties", "labels", "items", "properties", "description"),
    ("pull-request-review-comment", "properties", "line"),
    ("pull-request-review-comment", "properties", "position"),
)
_BARE_LIST = "POST /repos/{owner}/{repo}/issues/{issue_number}/labels"

_PREFIX = "#/components/schemas/"
_ERROR = "basic-error"


def trim(document: Schema) -> Schema:
    """Return the operations that have a route, and the schemas they need.

    Raises:
        SystemExit: a route is none of GitHub's.
    """
    operations = {}
    for name in sorted({route.name for route in ROUTES}):
        method, _, path = name.partition(" ")
        found = document["paths"].get(path, {}).get(method.lower())
        if found is None:
            raise SystemExit(f"{name} is no operation of GitHub's; correct the route in tests/fake_github")
        operations[name] = _operation(found, document)
    wanted = list(_references(operations))
    wanted.append(_ERROR)
    schemas: dict[str, Schema] = {}
    while wanted:
        each = wanted.pop()
        if each not in schemas:
            schemas[each] = convert(document["components"]["schemas"][each])
            wanted += _references(schemas[each])
    for steps in _NULL:
        place = schemas
        for part in steps[:-1]:
            place = place[part]
        place[steps[-1]] = _nullable(place[steps[-1]])
    kinds = operations[_BARE_LIST]["body"]["anyOf"]
    kinds.append(kinds[0]["properties"]["labels"])
    return {"source": PACKAGE, "operations": operations, "schemas": dict(sorted(schemas.items()))}


def _operation(found: Schema, document: Schema) -> Schema:
    parameters = [_resolved(each, document) for each in found.get("parameters", [])]
    body = found.get("requestBody")
    answers = {}
    for status, answer in found["responses"].items():
        content = _resolved(answer, document).get("content", {})
        plain = content.get("application/json") or next(iter(content.values()), None)
        answers[status] = convert(plain["schema"]) if plain else None
    return {
        "query": {each["name"]: convert(each["schema"]) for each in parameters if each["in"] == "query"},
        "body": _closed(convert(body["content"]["application/json"]["schema"])) if body else None,
        "required": bool(body and body.get("required")),
        "answers": answers,
    }


def _resolved(each: Schema, document: Schema) -> Schema:
    if "$ref" not in each:
        return each
    value: Any = document
    for part in each["$ref"].removeprefix("#/").split("/"):
        value = value[part]
    return dict(value)


def convert(schema: Schema) -> Schema:
    """Return a schema of OpenAPI 3.0 as JSON Schema: ``nullable`` becomes a type, prose goes."""
    made: Schema = {}
    for key, value in schema.items():
        if key not in _KEPT.split():
            continue
        if key in _TABLES:
            made[key] = {name: convert(each) for name, each in value.items()}
        elif key == "$ref":
            made[key] = "#/schemas/" + value.removeprefix(_PREFIX)
        elif key in {"allOf", "anyOf", "oneOf"}:
            # GitHub's kinds of one thing overlap: what fits two of them is no error.
            made["anyOf" if key == "oneOf" else key] = [convert(each) for each in value]
        elif isinstance(value, dict):
            made[key] = convert(value)
        else:
            made[key] = value
    return _nullable(made) if schema.get("nullable") else made


def _nullable(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and not {"allOf", "anyOf"} & set(schema):
        extra = {"enum": [*schema["enum"], None]} if "enum" in schema and None not in schema["enum"] else {}
        return {**schema, "type": [schema["type"], "null"], **extra}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


def _closed(schema: Schema) -> Schema:
    """Return the schema of a request with no room for keys that GitHub does not name, misspelt ones above all."""
    made: Schema = {}
    for key, value in schema.items():
        if key in _TABLES:
            made[key] = {name: _closed(each) for name, each in value.items()}
        elif isinstance(value, dict):
            made[key] = _closed(value)
        elif key in {"allOf", "anyOf"}:
            made[key] = [_closed(each) for each in value]
        else:
            made[key] = value
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return made


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix("#/schemas/")
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def written(trimmed: Schema) -> Iterator[str]:
    """Yield the description as text, an operation or a schema a line."""
    head = "{"
    for name, value in trimmed.items():
        parts = value.items() if isinstance(value, dict) else ()
        lines = ",\n".join(
            f"{json.dumps(each)}:{json.dumps(content, separators=(',', ':'))}" for each, content in parts
        )
        yield f"{head}{json.dumps(name)}:" + (f"{{\n{lines}\n}}" if parts else json.dumps(value))
        head = ",\n"
    yield "}\n"


def main() -> None:
    """Write the trimmed description and its licence."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
        )
        with tarfile.open(Path(folder) / done.stdout.strip()) as archive:
            archive.extractall(folder, filter="data")
        package = Path(folder) / "package"
        document = json.loads((package / "generated" / "api.github.com.json").read_bytes())
        text = "".join(written(trim(document)))
        (TARGET / "openapi.json").write_text(text, encoding="utf-8")
        licence = (package / "LICENSE").read_text(encoding="utf-8")
        (TARGET / "LICENSE.octokit-openapi").write_text(licence, encoding="utf-8")
    print(f"{len({route.name for route in ROUTES})} operations, {len(text):,} characters")


if __name__ == "__main__":
    main()
