"""The files of a working tree, read and written without ever following a link."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.model import Blob, RulewardError, Unevaluated


def read(top: Path, path: str, max_bytes: int) -> Blob | Unevaluated | None:
    """Read one file; None where it is gone meanwhile."""
    place = top / path
    try:
        facts = os.lstat(place)
        if stat.S_ISLNK(facts.st_mode):
            return Blob(path=path, mode=Blob.SYMLINK)
        if stat.S_ISDIR(facts.st_mode):
            return Blob(path=path, mode=Blob.SUBMODULE)
        small = stat.S_ISREG(facts.st_mode) and facts.st_size <= max_bytes
        return Blob(path=path, size=facts.st_size, data=place.read_bytes() if small else None)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unevaluated(path=path, reason=f"cannot be read: {error.strerror}")


def write(top: Path, path: str, before: bytes, after: bytes) -> None:
    """Replace a file's content in one step, its mode kept.

    Args:
        top: of the working tree.
        path: of the file, from there, with forward slashes.
        before: what was judged; a file that holds something else by now is left alone.
        after: what it shall hold.

    Raises:
        RulewardError: the file changed meanwhile, a link stands in the way, or the disk says no (exit status 3).
    """
    place = top / path
    if any(each.is_symlink() for each in (place, *place.parents) if each.is_relative_to(top) and each != top):
        raise RulewardError(f"{path}: not fixed, for a symbolic link leads there", status=3)
    try:
        mode = stat.S_IMODE(os.lstat(place).st_mode)
        if place.read_bytes() != before:
            raise RulewardError(f"{path}: not fixed, for it changed meanwhile; run again", status=3)
        handle, beside = tempfile.mkstemp(prefix=f".{place.name[:100]}.", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(after)
            Path(beside).chmod(mode)
            Path(beside).replace(place)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RulewardError(f"{path}: not fixed: {error.strerror}", status=3) from error


def named(top: Path, files: Iterable[Path]) -> frozenset[str]:
    """Return files and folders that a user named as paths from the top of the working tree.

    Raises:
        RulewardError: one of them lies outside.
    """
    found: set[str] = set()
    for file in files:
        whole = file.absolute()
        # a link that is named stays a link; those on the way to it are followed, as a shell does
        real = whole.resolve() if whole.is_dir() and not whole.is_symlink() else whole.parent.resolve() / whole.name
        try:
            found.add(real.relative_to(top.resolve()).as_posix())
        except ValueError as error:
            raise RulewardError(f"{file}: not in the repository {top}") from error
    return frozenset(found)


def is_named(path: str, only: frozenset[str] | None) -> bool:
    """Tell whether a path is among those that were named, or in a folder that was; with None, all are."""
    if only is None or path in only or "." in only:
        return True
    parts = path.split("/")
    return any("/".join(parts[:count]) in only for count in range(1, len(parts)))
