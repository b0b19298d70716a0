"""Templates, the one place where what they print is escaped, and a repository's own blocks in a sandbox."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NoReturn

from bot.model import RulewardError
from bot.render.escape import Safe, prose

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

_COMMENT = "comment.md.j2"
_LONGEST = 200_000  # three comments: what does not fit is left out later


class Blocks:
    """The blocks of the comment.

    A repository's template comes from its base branch. It is given the values of the block and nothing else: no
    loader, no file, no environment; what it prints of a rule is escaped as in ours.
    """

    def __init__(self, text: str = "", path: str = "") -> None:
        """Take a repository's blocks before ours.

        Args:
            text: the repository's template, empty for none.
            path: how errors name it.

        Raises:
            RulewardError: it is no template, or has a block that the comment does not.
        """
        self._path = path
        self._ours = _environment().get_template(_COMMENT)
        self._theirs: Template | None = None
        if not text:
            return
        from jinja2 import TemplateSyntaxError

        try:
            self._theirs = _environment().overlay(loader=None).from_string(text)
        except TemplateSyntaxError as error:
            self._fail(f"{error.lineno}: {error.message}")
        for name in self._theirs.blocks:
            if name not in self._ours.blocks:
                self._fail(f"1: there is no block `{name}` in the comment; known are: {', '.join(self._ours.blocks)}")

    def fill(self, name: str, values: dict[str, object]) -> str:
        """Write one block.

        Raises:
            RulewardError: the repository's block asks for what it is not given.
        """
        theirs = self._theirs
        if theirs is None or name not in theirs.blocks:
            return "".join(self._ours.blocks[name](self._ours.new_context(values))).strip("\n")
        from jinja2 import TemplateError

        pieces: list[str] = []
        room = _LONGEST
        try:
            for piece in theirs.blocks[name](theirs.new_context(values)):
                room -= len(piece)
                if room < 0:
                    self._fail(f"1: block `{name}` writes more than {_LONGEST:,} characters")
                pieces.append(piece)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            self._fail(f"1: block `{name}`: {error}")
        except (MemoryError, RecursionError):
            self._fail(f"1: block `{name}` has no end")
        return "".join(pieces).strip("\n")

    def _fail(self, message: str) -> NoReturn:
        raise RulewardError(f"{self._path}:{message}", located=True)


def markdown_block(template: str, block: str, /, **values: object) -> str:
    """Fill one block of a Markdown template of ours."""
    made = _environment().get_template(template)
    return "".join(made.blocks[block](made.new_context(dict(values)))).strip("\n")


def html_page(template: str, /, **values: object) -> str:
    """Fill an HTML template."""
    return _html().get_template(template).render(**values)


def _finalize(value: object) -> object:
    """Escape what a template prints, unless it was made Markdown by our own hands."""
    return value if isinstance(value, Safe) else prose(str(value))


def _read(name: str) -> str | None:
    file = files("bot").joinpath("templates", name)
    return file.read_text(encoding="utf-8") if file.is_file() else None


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    """Make the environment of Markdown; a repository's template gets no loader, for it extends and includes nothing."""
    from jinja2 import FunctionLoader, StrictUndefined, TemplateRuntimeError  # 70 ms that only a comment pays
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Bounded(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
            """Refuse what makes much out of little: a text repeated, a power, a width of any size."""
            del context
            if isinstance(left, int) and isinstance(right, int) and operator != "**":
                return left * right if operator == "*" else left % right
            raise TemplateRuntimeError(f"a template may not use `{operator}` but on whole numbers, and no powers")

    made = Bounded(
        loader=FunctionLoader(_read),
        autoescape=False,  # HTML's escaping is not Markdown's: `finalize` escapes everything
        finalize=_finalize,
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )
    made.globals.clear()  # `range` in a loop of a template could fill the memory
    return made


@lru_cache(maxsize=1)
def _html() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


__all__ = ["Blocks", "html_page", "markdown_block"]
