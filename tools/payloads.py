"""``python -m tools.payloads``: payloads of workflow events as GitHub sends them, for the tests.

They come from the npm package ``@octokit/webhooks-examples`` (MIT) and are checked against the schema beside it,
``@octokit/webhooks-schemas``, before addresses and prose are taken out.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import jsonschema

EXAMPLES = "@octokit/webhooks-examples@7.6.1"
SCHEMAS = "@octokit/webhooks-schemas@7.6.1"
TARGET = Path(__file__).resolve().parent.parent / "tests" / "payloads"
# What the action may be run on, and what people try it on.
WANTED = frozenset(
    {
        "check_run",
        "issue_comment",
        "issues",
        "merge_group",
        "ping",
        "pull_request",
        "pull_request_review",
        "push",
        "release",
        "workflow_dispatch",
        "workflow_run",
    }
)
_EACH_ACTION = ("merge_group", "pull_request")
_PROSE = {"body", "description", "node_id", "patch", "output"}
LICENCE = """\
The payloads in this folder are taken from the npm package @octokit/webhooks-examples, shortened by tools/payloads.py.
Its package.json names as author Gregor Martynus (https://github.com/gr2m), and as licence MIT:

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def fetch(package: str, folder: Path) -> Path:
    """Return where a package of npm's was unpacked."""
    done = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)
    place = folder / package.replace("/", "-")
    with tarfile.open(folder / done.stdout.strip()) as archive:
        archive.extractall(place, filter="data")
    return place / "package"


def shorten(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Return a payload without addresses and prose."""
    if isinstance(value, dict):
        return {key: shorten(each) for key, each in value.items() if not _dull(key)}
    return [shorten(each) for each in value] if isinstance(value, list) else value


def _dull(key: str) -> bool:
    return key in _PROSE or key == "_links" or key.endswith("url")


def chosen(examples: list[dict[str, Any]], schema: dict[str, Any]) -> dict[str, Any]:
    """Return one payload an event, of pull requests one an action: the first that fits, for some are older."""
    known = schema["definitions"]
    found: dict[str, Any] = {}
    for event in examples:
        if event["name"] not in WANTED:
            continue
        name = next(each for each in (f"{event['name']}_event", f"{event['name']}$event") if each in known)
        validator = jsonschema.Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": known})
        for payload in event["examples"]:
            if validator.is_valid(payload):
                action = f" {payload['action']}" if event["name"] in _EACH_ACTION else ""
                found.setdefault(event["name"] + action, shorten(payload))
    return dict(sorted(found.items()))


def main() -> None:
    """Write the payloads and their licence."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        examples = json.loads((fetch(EXAMPLES, folder) / "api.github.com" / "index.json").read_bytes())
        schema = json.loads((fetch(SCHEMAS, folder) / "schema.json").read_bytes())
    made = chosen(examples, schema)
    TARGET.mkdir(exist_ok=True)
    rows = (f"{json.dumps(key)}:{json.dumps(each, separators=(',', ':'))}" for key, each in made.items())
    text = "{\n" + ",\n".join(rows) + "\n}\n"
    (TARGET / "events.json").write_text(text, encoding="utf-8")
    (TARGET / "LICENSE.octokit-webhooks").write_text(LICENCE, encoding="utf-8")
    print(f"{len(made)} payloads, {len(text):,} characters")


if __name__ == "__main__":
    main()
