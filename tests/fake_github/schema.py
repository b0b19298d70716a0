"""Holds requests and answers to GitHub's published description of its API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fake_github.routing import Json

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_PLACE = Path(__file__).parent / "openapi.json"
_ERROR = {"$ref": "#/schemas/basic-error"}
_ERRORS = 400
# The address of a fake; it differs from run to run, and no rule is about it.
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@cache
def description() -> Json:
    """Return the operations and the schemas they name."""
    found: Json = json.loads(_PLACE.read_text(encoding="utf-8"))
    return found


@cache
def _validator(schema: str) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    kind: type[Validator] = extend(Draft202012Validator, {"$ref": _named})  # type: ignore[no-untyped-call]  # its types say so
    return kind({**json.loads(schema), "schemas": description()["schemas"]})


# What was found good, by its hash: it is not looked at again, by another fake neither.
_GOOD: set[int] = set()


def _good(rule: str, value: object) -> int:
    """Return what a value that a rule finds good is remembered by."""
    return hash((rule, _ADDRESS.sub("", json.dumps(value))))


def _named(validator: Validator, name: str, value: object, schema: Json) -> Iterator[ValidationError]:
    """Hold a part to a schema that has a name: most answers hold the same people and the same repository."""
    from jsonschema import Draft202012Validator

    key = _good(name, value)
    if key in _GOOD:
        return
    errors = list(Draft202012Validator.VALIDATORS["$ref"](validator, name, value, schema))
    if not errors:
        _GOOD.add(key)
    yield from errors


@dataclass(slots=True)
class Contract:
    """Checks what passes.

    Attributes:
        held: whether bodies are held to their schemas; the demo, which tests nothing, does without.
    """

    held: bool = True

    def unknown(self, name: str, query: dict[str, str]) -> list[str]:
        """Return what a query names that is no parameter; the real server overlooks it."""
        known = description()["operations"][name]["query"]
        return [f"{name}: no parameter {each}" for each in query if each not in known]

    def query(self, name: str, query: dict[str, str]) -> list[str]:
        """Return what is wrong with the values of a query."""
        known = description()["operations"][name]["query"]
        wrong = []
        for each, text in query.items():
            if each in known:
                value = int(text) if known[each].get("type") == "integer" and text.isdecimal() else text
                wrong += self._check(f"{name} ?{each}", value, known[each])
        return wrong

    def body(self, name: str, body: object) -> list[str]:
        """Return what is wrong with the body of a request; None stands for none."""
        operation = description()["operations"][name]
        if body is None:
            return [f"{name}: the body is missing"] if operation["required"] else []
        if operation["body"] is None:
            return [f"{name}: takes no body"]
        return self._check(f"{name} body", body, operation["body"])

    def answer(self, name: str, status: int, body: object) -> list[str]:
        """Return what is wrong with an answer; None stands for no body."""
        answers = description()["operations"][name]["answers"]
        if str(status) not in answers and status < _ERRORS:
            return [f"{name}: {status} is no answer of it"]
        schema = answers.get(str(status), _ERROR)
        if body is None or schema is None:
            return [] if body is None and schema is None else [f"{name} {status}: a body too few or too many"]
        if isinstance(body, list) and "items" in schema:
            return [wrong for each in body for wrong in self._check(f"{name} {status}", each, schema["items"])]
        return self._check(f"{name} {status}", body, schema)

    def _check(self, what: str, value: Any, schema: Json) -> list[str]:  # JSON
        if not self.held:
            return []
        from jsonschema.exceptions import best_match

        rule = json.dumps(schema)
        key = _good(rule, value)
        if key in _GOOD:
            return []
        error = best_match(_validator(rule).iter_errors(value))
        if error is None:
            _GOOD.add(key)
            return []
        return [f"{what}: {error.json_path} {error.message[:300]}"]
