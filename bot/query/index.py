"""Which indices a rule reads, before and after an edit, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.model import is_list
from bot.query import glob
from bot.query.wording import named
from bot.told import marked

_PAIRS = 10_000  # of patterns that are held one beside the other; where there are more, each is only removed or added


def names(value: object) -> list[str]:
    """The names in a list, each once; one name may stand without its list."""
    listed = value if is_list(value) else [value]
    return list(dict.fromkeys(each for each in listed if isinstance(each, str) and each))


def tell(before: Sequence[str], after: Sequence[str], noun: str) -> Iterator[str]:
    """Tell which patterns came and went; a pattern that lies inside another, or takes it in, took its place.

    Args:
        before: index patterns as Elasticsearch reads them, each once.
        after: the same after the edit.
        noun: what to call one.
    """
    old, new = set(before), set(after)
    stay = [each for each in before if each in new]
    gone = [each for each in before if each not in new]
    come = [each for each in after if each not in old]
    plain = not any(each.startswith("-") for each in (*before, *after))  # one that takes out is no part of another
    plain = plain and len(gone) * len(come) + (len(gone) + len(come)) * len(stay) <= _PAIRS
    if plain:
        for verb, wide, narrow in (("narrows", gone, come), ("widens", come, gone)):
            for one in list(wide):
                held = [each for each in narrow if inside(each, one)]
                if held:
                    wide.remove(one)
                    narrow[:] = [each for each in narrow if each not in held]
                    pair = (marked(one), named(held)) if verb == "narrows" else (named(held), marked(one))
                    yield f"{verb} {noun}: {pair[0]} to {pair[1]}"
    for verb, apart, how in (("removes", gone, "still"), ("adds", come, "already")):
        known = {each: next((one for one in stay if plain and inside(each, one)), "") for each in apart}
        for home in dict.fromkeys(known.values()):
            within = f" ({how} within {marked(home)})" if home else ""
            yield f"{verb} {noun}: {named(each for each in apart if known[each] == home)}{within}"


def inside(one: str, other: str) -> bool:
    """Tell whether every index that the one pattern names is named by the other."""
    return glob.matches(glob.from_wildcards(other), glob.from_wildcards(one))
