"""Every bad file is a finding with its place; nothing raises."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Blob, NoRule, Rule, Unreadable
from bot.parse import parse

GOOD = '[metadata]\nmaturity = "production"\n[rule]\nname = "x"\n'
MALFORMED = Path(__file__).parents[2] / "shared" / "corpus" / "malformed.tar.gz"


def read(text: str | bytes, **more: object) -> Rule | Unreadable | NoRule:
    data = text.encode() if isinstance(text, str) else text
    return parse(Blob(path="rules/x.toml", data=data, size=len(data), **more), max_bytes=10_000)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ('[rule]\nname = "a\\q"\n', "unescaped '\\' in a string", 2, 12),
        ("[rule]\nname = 1\nname = 2\n", "not TOML", 3, 9),
        ("[rule]\nname = \n", "not TOML", 2, 8),
        ("\ufeff[rule]\n", "not TOML: it begins with a byte order mark", 1, 1),
        (b"[rule]\nname = 'a\x97b'\n", "byte 0x97 is not UTF-8", 2, 10),
        ("a = " + "[" * 51 + "]" * 51, "brackets nest deeper than 50", 1, 55),
        ("a = " + "[" * 5000, "brackets nest deeper than 50", 1, 55),
        (".".join("a" * 60) + " = 1", "tables nest deeper than 50", 1, 1),
        ("[rule]\nname = 'x'\n", "no [metadata] table", 1, 1),
        ("metadata = 1\n[rule]\nname = 'x'\n", "no [metadata] table", 1, 1),
        ("# " + "x" * 10_000, "10,002 bytes", 1, 1),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "LFS pointer", 1, 1),
        ("a = " + "9" * 9000, "not TOML", 1, 1),
    ],
)
def test_a_bad_file_says_what_is_wrong_and_where(text: str | bytes, reason: str, line: int, column: int) -> None:
    found = read(text)
    assert isinstance(found, Unreadable)
    assert reason.lower() in found.reason.lower()
    assert (found.line, found.column) == (line, column)


@pytest.mark.parametrize(("mode", "reason"), [(0o120000, "symbolic link"), (0o160000, "submodule")])
def test_what_is_no_file_is_unreadable_and_never_followed(mode: int, reason: str) -> None:
    found = parse(Blob(path="rules/x.toml", mode=mode, data=GOOD.encode()), max_bytes=100)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_an_executable_rule_is_a_rule() -> None:
    assert isinstance(read(GOOD, mode=0o100755), Rule)


@pytest.mark.parametrize("text", ["", "x = 1\n", "[metadata]\n", "rule = 'no table'\n"])
def test_a_file_without_a_rule_table_may_be_no_rule(text: str) -> None:
    assert isinstance(read(text), NoRule)


@settings(max_examples=300)
@given(
    st.binary(max_size=200) | st.text(st.sampled_from("ab=[]{}\"'\\\n.#\t\x00é019:-T"), max_size=200).map(str.encode)
)
def test_no_bytes_raise(data: bytes) -> None:
    assert read(data) is not None


@pytest.mark.long
@settings(max_examples=20_000)
@given(
    st.binary(max_size=400) | st.text(st.sampled_from("ab=[]{}\"'\\\n.#\t\x00é019:-T"), max_size=400).map(str.encode)
)
def test_no_bytes_raise_in_the_long_run(data: bytes) -> None:
    assert read(data) is not None


@pytest.mark.skipif(not MALFORMED.is_file(), reason="the corpus of malformed files is not beside this clone")
def test_every_file_that_people_really_broke_is_unreadable_with_its_place() -> None:
    good, count = [], 0
    with tarfile.open(MALFORMED) as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None:
                continue
            count += 1
            data = stream.read()
            found = parse(Blob(path=member.name, data=data, size=len(data)), max_bytes=1_000_000)
            if not isinstance(found, Unreadable):
                good.append(member.name)
            else:
                assert found.line, member.name
                assert found.column, member.name
    assert count > 100
    assert len(good) <= 1, good  # one file of the 131 is whole TOML to tomli and tomllib alike


@pytest.mark.parametrize(
    "text", ["a = [" + "1," * 400_000 + "]", "\n".join(f"k{i} = {i}" for i in range(80_000)), 'a = "' + "x" * 10**6]
)
def test_a_megabyte_of_anything_is_read(text: str) -> None:
    data = text.encode()
    assert isinstance(parse(Blob(path="x", data=data, size=len(data)), max_bytes=1_200_000), NoRule | Unreadable)
