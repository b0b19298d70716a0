"""A replay for people: the same tables for a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.model import Level, Verdict
from bot.render.escape import code, cut, prose, terminal
from bot.render.fold import count
from bot.replay import Example, Part, Replay, Tally

_PLACES = 3
_WIDEST = 160
_SHA = 9

_Table = tuple[str, Sequence[str], list[list[str]]]  # what it tells, its columns (numbers but for the words), its rows
_WORDS = frozenset({"policy", "level", "month", "folder", "mostly in", "category", "kind", "verdict"})
_LEVELS = (Level.ERROR, Level.WARNING, Level.NOTICE)
_COUNTS = ("errors", "warnings", "notices")


def as_text(replay: Replay) -> str:
    """Write it for a terminal."""
    lines = list(_summary(replay))
    for title, columns, rows in _tables(replay):
        lines += ["", title, *_aligned(columns, [[terminal(cell) for cell in row] for row in rows])]
    for tally in replay.policies:
        if tally.examples:
            lines += ["", f"{tally.policy} ({tally.level.value}), for example"]
        for each in tally.examples:
            lines.append(f"  {each.entry.day} {each.entry.head[:_SHA]}  {cut(terminal(each.entry.title), _WIDEST)}")
            lines.append(f"    {terminal(_place(each))}: {cut(terminal(each.hit.message), _WIDEST)}")
    lines += [line for told in _found_nothing(replay) for line in ("", told)]
    for head, path, reason in _missed(replay):
        lines.append(f"{head}: not judged: {terminal(path)}: {terminal(reason)}")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_markdown(replay: Replay) -> str:
    """Write it for a page."""
    lines = ["# What the policies would have said", ""]
    for line in _summary(replay):
        lines += [line, ""]
    for title, columns, rows in _tables(replay):
        lines += [f"## {title}", "", f"| {' | '.join(columns)} |"]
        lines.append("|" + "|".join("---" if each in _WORDS else "--:" for each in columns) + "|")
        for row in rows:
            cells = (_cell(column, cell) for column, cell in zip(columns, row, strict=True))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    for tally in replay.policies:
        if tally.examples:
            lines += ["", f"## {tally.policy}, for example", ""]
        for each in tally.examples:
            where = f"{each.entry.day}, `{each.entry.head[:_SHA]}` {code(each.entry.title, most=_WIDEST)}"
            lines.append(f"- {where}: {code(_place(each))}: {prose(each.hit.message)}")
    lines += [line for told in _found_nothing(replay) for line in ("", told)]
    missed = [f"- `{head}`: {code(path)}: {prose(reason)}" for head, path, reason in _missed(replay)]
    lines += ["", "## Not judged", "", *missed] if missed else []
    return "\n".join(lines).rstrip("\n") + "\n"


def _place(example: Example) -> str:
    """Return where a finding is, as compilers write it."""
    hit = example.hit
    return f"{hit.path}:{hit.line}" if hit.line else hit.path or "the change"


def _cell(column: str, cell: str) -> str:
    return code(cell) if column in {"policy", "folder", "mostly in"} and cell else cell


def _summary(replay: Replay) -> Iterator[str]:
    entries = replay.entries
    if not entries:
        yield "No change of a rule was found."
        return
    blocked, warned = replay.count(Verdict.BLOCK), replay.count(Verdict.WARN)
    yield (
        f"{count(len(entries), 'change')} from {entries[0].day} to {entries[-1].day}, "
        f"{count(replay.rules, 'time')} a rule was changed."
    )
    yield (
        f"{blocked:,} would have been blocked ({_share(blocked, len(entries))}), {warned:,} warned "
        f"({_share(warned, len(entries))}); {count(replay.findings, 'finding')}, "
        f"{replay.findings / len(entries):.1f} a change, in {sum(bool(each.loud) for each in entries):,} of them."
    )
    incomplete = replay.count(Verdict.INCOMPLETE)
    if incomplete:
        yield f"{count(incomplete, 'change')} could not be judged whole."


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _tables(replay: Replay) -> Iterator[_Table]:
    whole = len(replay.entries)
    speaking = [tally for tally in replay.policies if tally.total or tally.silent]
    if speaking:
        columns = ("policy", "level", *_COUNTS, "changes", "of all", "blocked", "alone", "silent", "mostly in")
        yield "Policies", columns, [_tally_row(tally, whole) for tally in speaking]
    parts = ("changes", "rules", "blocked", "warned", *_COUNTS)
    if whole:
        yield "Months", ("month", *parts), [_part_row(part) for part in replay.months]
        yield "Folders", ("folder", *parts), [_part_row(part) for part in replay.folders]
    for title, name, counts in (
        ("What changed", "category", replay.categories),
        ("Kinds of change", "kind", replay.kinds),
        ("Edited queries", "verdict", replay.queries),
    ):
        if counts:
            yield title, (name, "rules"), _count_rows(counts)


def _tally_row(tally: Tally, whole: int) -> list[str]:
    places = list(tally.folders)[:_PLACES]
    return [
        tally.policy,
        tally.level.value,
        *(f"{tally.findings[level]:,}" for level in _LEVELS),
        f"{tally.changes:,}",
        _share(tally.changes, whole),
        f"{tally.blocks:,}",
        f"{tally.alone:,}",
        f"{tally.silent:,}",
        ", ".join(places) + (", …" if len(tally.folders) > _PLACES else ""),
    ]


def _part_row(part: Part) -> list[str]:
    counts = [part.changes, part.rules, part.blocked, part.warned]
    counts += [part.findings[level] for level in _LEVELS]
    return [part.name, *(f"{each:,}" for each in counts)]


def _count_rows(counts: Mapping[str, int]) -> list[list[str]]:
    return [[name, f"{each:,}"] for name, each in counts.items()]


def _found_nothing(replay: Replay) -> Iterator[str]:
    number = sum(not tally.total and not tally.silent for tally in replay.policies)
    if number and replay.entries:
        more = "more " if number < len(replay.policies) else ""
        yield f"{count(number, f'{more}policy', f'{more}policies')} found nothing; `--format json` names them all."


def _missed(replay: Replay) -> Iterator[tuple[str, str, str]]:
    for entry in replay.entries:
        for path, reason in entry.unevaluated:
            yield entry.head[:_SHA], path, reason


def _aligned(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lay out a table: words to the left, numbers to the right."""
    whole = [columns, *rows]
    widths = [max(len(row[at]) for row in whole) for at in range(len(columns))]
    words = [at == 0 or name in _WORDS for at, name in enumerate(columns)]
    for row in whole:
        cells = (
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(row, widths, words, strict=True)
        )
        yield "  " + "  ".join(cells)
