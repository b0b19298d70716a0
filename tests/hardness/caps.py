"""Sizes: one rule that is huge in every way a rule can be, and many rules at once."""

from __future__ import annotations

from tests.hardness.case import Case
from tests.repository import other_id, rule_text

PATH = "rules/a.toml"
_EVENT = "any where true"


def _query(query: str, language: str = "eql") -> str:
    text = rule_text(query=query, updated="2026/11/24")
    kind = {"kuery": "query"}.get(language, language)
    return text.replace('language = "eql"', f'language = "{language}"').replace('type = "eql"', f'type = "{kind}"')


def _more(rule: str = "", metadata: str = "") -> str:
    return rule_text(rule=rule, metadata=metadata, updated="2026/11/24")


def _edit(name: str, text: str, old: str = rule_text(), **more: object) -> Case:
    return Case(name=name, base={PATH: old}, head={PATH: text}, **more)  # type: ignore[arg-type]


def _both(name: str, old: str, new: str, language: str, **more: object) -> Case:
    return _edit(name, _query(new, language), _query(old, language), **more)


def _clauses(language: str, number: int) -> str:
    one = {
        "kuery": 'process.name : "a{}.exe"',
        "eql": 'process.name == "a{}.exe"',
        "esql": 'process.name == "a{}.exe"',
    }[language]
    whole = " or ".join(one.format(each) for each in range(number))
    return {"kuery": "{}", "eql": "process where {}", "esql": "FROM logs-* METADATA _id, _version, _index | WHERE {}"}[
        language
    ].format(whole)


def _nested(language: str, depth: int) -> str:
    inside = "(" * depth + {"kuery": "a : b", "eql": "a == b", "esql": "a == b"}[language] + ")" * depth
    return {"kuery": "{}", "eql": "any where {}", "esql": "FROM x METADATA _id, _version, _index | WHERE {}"}[
        language
    ].format(inside)


def _regexes(language: str) -> str:
    bomb = "(a+)+" * 300 + "b"
    return {
        "eql": f'process where process.name regex "{bomb}"',
        "esql": f'FROM x METADATA _id, _version, _index | WHERE process.name RLIKE "{bomb}"',
    }[language]


def _wild(language: str) -> str:
    bomb = "*a" * 400
    return {
        "kuery": f"process.name : {bomb}b",
        "eql": f'process where process.name : "{bomb}b"',
        "esql": f'FROM x METADATA _id, _version, _index | WHERE process.name LIKE "{bomb}b"',
    }[language]


def _excluded(value: str) -> str:
    return f"[[rule.filters]]\nmeta={{negate=true}}\nquery={{match_phrase={{'process.name'='{value}'}}}}\n"


def _matched(field: str) -> str:
    return f"[[rule.threat_mapping]]\nentries=[{{field='{field}',type='mapping',value='t'}}]\n"


_VERSIONS = ",".join(['"8.0.0"'] * 90_000)
_TOO_LARGE = ("[unreadable-rule]", "more than the 1,000,000 that rules.max_bytes allows")

CASES = [
    _edit("a rule of 5 MB in one string", _more(f'note = "{"x" * 5_000_000}"\n'), status=1, said=_TOO_LARGE),
    _edit("a rule of 999 KB in one string", _more(f'note = "{"x" * 998_000}"\n'), said=("1 rule",)),
    _edit("a rule of 999 KB of quotes", _more(f"note = '{chr(34) * 998_000}'\n"), said=("1 rule",)),
    _edit("a rule of 999 KB of escapes", _more('note = "' + "\\u0041" * 166_000 + '"\n'), said=("1 rule",)),
    _edit("a rule of 999 KB of comments", "#\n" * 499_000 + _more(), said=("1 rule",)),
    _edit(
        "a rule of 999 KB without an end",
        _more("note = '''" + "x" * 998_000),
        status=1,
        said=("unreadable-rule", "not TOML"),
    ),
    _edit(
        "brackets 10,000 deep",
        _more(f"x = {'[' * 10_000}{']' * 10_000}\n"),
        status=1,
        said=("brackets nest deeper than 50",),
    ),
    _edit(
        "inline tables 10,000 deep",
        _more(f"x = {'{a=' * 10_000}1{'}' * 10_000}\n"),
        status=1,
        said=("brackets nest deeper than 50",),
    ),
    _edit(
        "a dotted key of 10,000 parts", _more(".".join(["a"] * 10_000) + " = 1\n"), status=1, said=("unreadable-rule",)
    ),
    _edit("a header of 10,000 parts", _more() + f"[{'.'.join(['a'] * 10_000)}]\n", status=1, said=("unreadable-rule",)),
    _edit(
        "brackets that never close, 990,000 of them",
        _more(f"x = {'[' * 990_000}\n"),
        status=1,
        said=("brackets nest deeper than 50",),
    ),
    _edit(
        "a number of 900,000 digits", _more(f"x = {'9' * 900_000}\n"), status=1, said=("unreadable-rule", "not TOML")
    ),
    _edit("100,000 keys", _more("".join(f"k{each}=1\n" for each in range(100_000))), said=("1 rule",), seconds=120),
    _edit(
        "100,000 tables",
        _more() + "".join(f"[t{each}]\n" for each in range(100_000)),
        said=("1 rule",),
        seconds=120,
        long=True,
    ),
    _edit(
        "100,000 references",
        _more(f"references = [{','.join(f'{chr(34)}r{each}{chr(34)}' for each in range(100_000))}]\n"),
        said=("1 rule",),
    ),
    _edit(
        "100,000 tags",
        _query(_EVENT).replace('"One"', ",".join(f'"t{each}"' for each in range(100_000))),
        said=("1 rule",),
        long=True,
    ),
    _edit(
        "100,000 versions of ECS",
        _more(metadata=f"ecs_version = [{_VERSIONS}]\n"),
        said=("1 rule",),
        long=True,
    ),
    _edit(
        "20,000 filters",
        _more() + "[[rule.filters]]\nquery={exists={field='a'}}\n" * 20_000,
        said=("1 rule",),
        seconds=120,
    ),
    _edit(
        "20,000 tactics",
        _more() + "[[rule.threat]]\n[rule.threat.tactic]\nid='T'\n" * 20_000,
        said=("1 rule",),
        seconds=120,
    ),
    Case(
        name="20,000 tactics, each renamed",
        base={PATH: _more() + "".join(f"[[rule.threat]]\ntactic={{id='T{each}'}}\n" for each in range(20_000))},
        head={PATH: _more() + "".join(f"[[rule.threat]]\ntactic={{id='U{each}'}}\n" for each in range(20_000))},
        said=("1 rule",),
        seconds=120,
        long=True,
    ),
    Case(
        name="8,000 filters, each another",
        base={
            PATH: _more()
            + "".join(f"[[rule.filters]]\nquery={{match_phrase={{a{each}='x'}}}}\n" for each in range(8_000))
        },
        head={
            PATH: _more()
            + "".join(f"[[rule.filters]]\nquery={{match_phrase={{b{each}='x'}}}}\n" for each in range(8_000))
        },
        said=("1 rule",),
        seconds=120,
        long=True,
    ),
    Case(
        name="4,000 filters on one field, each another",
        base={PATH: _more() + "".join(_excluded(f"x{each}") for each in range(4_000))},
        head={PATH: _more() + "".join(_excluded(f"y{each}") for each in range(4_000))},
        said=("1 rule",),
    ),
    Case(
        name="30,000 index patterns, each another",
        base={PATH: _more(f"index = {[f'a{each}' for each in range(30_000)]}\n")},
        head={PATH: _more(f"index = {[f'b{each}' for each in range(30_000)]}\n")},
        said=("1 rule",),
        long=True,
    ),
    Case(
        name="9,000 indicator matches, each another",
        base={PATH: _more() + "".join(_matched(f"x{each}") for each in range(9_000))},
        head={PATH: _more() + "".join(_matched(f"y{each}") for each in range(9_000))},
        said=("1 rule",),
        long=True,
    ),
    *(
        _both(
            f"a query of 900 KB in {language}",
            _clauses(language, 30_000),
            _clauses(language, 30_001),
            language,
            said=("unknown",),
            seconds=120,
        )
        for language in ("kuery", "eql", "esql")
    ),
    *(
        _both(
            f"a query of 95 KB in {language}",
            _clauses(language, 3_000),
            _clauses(language, 3_001),
            language,
            said=("1 rule",),
            seconds=120,
        )
        for language in ("kuery", "eql", "esql")
    ),
    *(
        _both(
            f"parentheses 40,000 deep in {language}",
            _nested(language, 40_000),
            _nested(language, 40_001),
            language,
            said=("unknown",),
        )
        for language in ("kuery", "eql", "esql")
    ),
    *(
        _both(
            f"a not 24,000 deep in {language}",
            before,
            before + "c",
            language,
            said=("1 rule",),
            status=int(language == "kuery"),
        )
        for language, before in (
            ("kuery", "not " * 24_000 + "a : b"),
            ("eql", "any where " + "not " * 24_000 + "a == b"),
            ("esql", "FROM x METADATA _id, _version, _index | WHERE " + "not " * 24_000 + "a == b"),
        )
    ),
    *(
        _both(
            f"a regular expression that backtracks, in {language}",
            _regexes(language),
            _regexes(language).replace("a", "c"),
            language,
            said=("1 rule",),
        )
        for language in ("eql", "esql")
    ),
    *(
        _both(
            f"800 wildcards in {language}",
            _wild(language),
            _wild(language).replace("b", "c"),
            language,
            said=("1 rule",),
        )
        for language in ("kuery", "eql", "esql")
    ),
    _both(
        "a query of 900 KB that only moved its quotes",
        'process where a == "' + "\\\\" * 200_000 + '"',
        'process where a == "' + "\\\\" * 200_001 + '"',
        "eql",
        said=("1 rule",),
    ),
    _both(
        "a sequence that wants 10^18 events",
        'any where a == "x"',
        f'sequence with maxspan=5m [any where a == "x"] with runs={10**18} [any where b == "y"]',
        "eql",
        said=("1 rule",),
    ),
    _both("900 KB of quotes in kuery", '"' * 900_000, '"' * 900_002, "kuery", said=("1 rule",), status=1),
    _both(
        "900 KB of backslashes in esql",
        'FROM x | WHERE a == "' + "\\" * 900_000,
        "FROM x | WHERE a == 1",
        "esql",
        said=("1 rule",),
    ),
    Case(
        name="10,000 rules in one pull request",
        base={f"rules/r{each}.toml": rule_text(rule_id=other_id(each), name=f"R {each}") for each in range(10_000)},
        head={
            f"rules/r{each}.toml": rule_text(
                rule_id=other_id(each), name=f"R {each}", query=f'process where process.name == "b{each}"'
            )
            for each in range(10_000)
        },
        status=1,
        said=("10,000 rules", "updated-date-not-bumped"),
        seconds=300,
        long=True,
    ),
    Case(
        name="10,000 files that are no rules",
        base={},
        head={f"rules/r{each}.toml": f"x = {each}\n" for each in range(10_000)},
        status=1,
        said=("10,000 rules", "unreadable-rule"),
        seconds=120,
        long=True,
    ),
    Case(
        name="10,000 rules taken away and 10,000 like them added",
        base={f"rules/r{each}.toml": rule_text(rule_id=other_id(each), name=f"R {each}") for each in range(5_000)},
        head={
            **{f"rules/r{each}.toml": None for each in range(5_000)},
            **{
                f"rules/s{each}.toml": rule_text(rule_id=other_id(each + 9_000), name=f"S {each}")
                for each in range(5_000)
            },
        },
        status=1,
        said=("5,000 rules", "[rule-removed]"),
        seconds=300,
        long=True,
    ),
]
