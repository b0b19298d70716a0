"""Documents held to JSON Schemas, each of which is itself looked at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


@cache
def _validator(schema: str) -> Validator:
    found = json.loads(schema)
    kind = validator_for(found)
    kind.check_schema(found)
    return kind(found)


def validate(document: Any, schema: Mapping[str, object]) -> None:
    """Raise what is wrong with a document, as ``jsonschema.validate`` does, which looks at the schema every time."""
    error = best_match(_validator(json.dumps(schema)).iter_errors(document))
    if error is not None:
        raise error
