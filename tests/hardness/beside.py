"""What stands beside the rules: configs, owners, templates, schemas, workflows."""

from __future__ import annotations

from tests.hardness.case import Case
from tests.repository import other_id, rule_text

CONFIG = ".github/ruleward.toml"
_AUDIT = ("audit", "--head", "main", "--today", "2026-11-24")
_RULE = {"rules/a.toml": rule_text(updated="2026/11/20")}
_EDIT = {"rules/a.toml": rule_text(query="any where true", updated="2026/11/24")}
_DEEP = f"x = {'[' * 10_000}{']' * 10_000}\n"
_KEYS = "".join(f"k{each} = 1\n" for each in range(100_000))


def _template(text: str) -> dict[str, str]:
    return {
        **_RULE,
        CONFIG: '[comment]\ntemplate = ".github/c.j2"\n',
        ".github/c.j2": "{% block headline %}" + text + "{% endblock %}",
    }


_MARKDOWN = ("review", "--base", "main", "--head", "topic", "--today", "2026-11-24", "--format", "markdown")
_LAUGHS = "a0: &a0 {type: keyword}\n" + "".join(
    f"a{each}: &a{each} {{type: keyword, x: [*a{each - 1}, *a{each - 1}]}}\n" for each in range(1, 60)
)
_MERGES = "a0: &a0 {type: keyword}\n" + "".join(
    f"a{each}: &a{each}\n  <<: [*a{each - 1}, *a{each - 1}]\n" for each in range(1, 40)
)
_ECS = '[ecs]\nschemas = "schemas"\n'

CASES = [
    Case(
        name="a config of the head with 100,000 unknown keys",
        base=_RULE,
        head={CONFIG: _KEYS},
        status=1,
        said=("[config-invalid]",),
        long=True,
    ),
    Case(
        name="a config of the head with 100,000 unknown keys, as Markdown",
        base=_RULE,
        head={CONFIG: _KEYS},
        command=_MARKDOWN,
        status=1,
        said=("config-invalid",),
    ),
    Case(
        name="a config of the base with 100,000 unknown keys",
        base={**_RULE, CONFIG: _KEYS},
        head=_EDIT,
        status=2,
        said=("unknown key",),
    ),
    Case(
        name="a config of the base 10,000 deep",
        base={**_RULE, CONFIG: _DEEP},
        head=_EDIT,
        status=2,
        said=(f"{CONFIG}:1:1: not TOML",),
    ),
    Case(
        name="a config of the head 10,000 deep", base=_RULE, head={CONFIG: _DEEP}, status=1, said=("[config-invalid]",)
    ),
    Case(name="a config of the head of 20 MB", base=_RULE, head={CONFIG: "#" * 20_000_000}, said=("No rule changes",)),
    Case(
        name="a config of the head with 20,000 exceptions",
        base=_RULE,
        head={CONFIG: "[[exceptions]]\n" * 20_000},
        status=1,
        said=("[config-invalid]",),
    ),
    Case(
        name="a config with 20,000 exceptions that hold",
        base={
            **_RULE,
            CONFIG: "".join(
                f"[[exceptions]]\npolicy='schedule-gap'\npath='r{each}'\nreason='x'\nexpires=2030-01-01\n"
                for each in range(20_000)
            ),
        },
        head=_EDIT,
        said=("1 rule",),
    ),
    Case(
        name="a pattern of 60 stars against a path of 200 letters",
        base={**_RULE, CONFIG: f'[rules]\ninclude = ["rules/**/{"*a" * 60}.toml", "rules/a.toml"]\n'},
        head={f"rules/{'a' * 200}b.toml": rule_text(rule_id=other_id(3), name="B", updated="2026/11/24"), **_EDIT},
        status=2,
        said=("more stars than can be matched quickly",),
    ),
    Case(
        name="the slowest pattern that is allowed against the longest path",
        base={**_RULE, CONFIG: '[rules]\ninclude = ["rules/**/a/**/*a.toml", "rules/a.toml"]\n'},
        head={
            f"rules/{'a/b/' * 200}{'a' * 200}b.toml": rule_text(rule_id=other_id(3), name="B", updated="2026/11/24"),
            **_EDIT,
        },
        said=("1 rule",),
    ),
    Case(
        name="CODEOWNERS with 100,000 lines",
        base={**_RULE, ".github/CODEOWNERS": "".join(f"/rules/x{each}/*.toml @a{each}\n" for each in range(100_000))},
        command=_AUDIT,
        said=("1 rule",),
    ),
    Case(
        name="CODEOWNERS with a line of 1 MB",
        base={**_RULE, ".github/CODEOWNERS": "/rules/" + "*a" * 500_000 + " @a\n* @b\n"},
        command=_AUDIT,
        said=("1 rule",),
    ),
    Case(
        name="CODEOWNERS whose pattern backtracks",
        base={
            f"rules/{'a' * 200}b.toml": rule_text(),
            ".github/CODEOWNERS": "/rules/" + "*a" * 60 + ".toml @a\n" + "**/*a" * 30 + " @b\n",
        },
        command=_AUDIT,
        said=("1 rule",),
    ),
    *(
        Case(
            name=f"a template that {name}",
            base=_template(text),
            head=_EDIT,
            command=_MARKDOWN,
            status=2,
            said=(".github/c.j2:1: ",),
        )
        for name, text in {
            "multiplies a text": "{{ 'x' * 10**10 }}",
            "multiplies a list": "{% for a in [1] * 10**9 %}x{% endfor %}",
            "loops for ever": "{% for a in lead * 3000 %}{% for b in lead * 3000 %}x{% endfor %}{% endfor %}",
            "calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "takes a power": "{{ 9**9**9 }}",
            "pads a text": "{{ 'x' | center(10**10) }}",
            "formats a width": "{{ '%9999999999d' | format(1) }}",
            "formats a width by its sign": "{{ '%9999999999d' % 1 }}",
        }.items()
    ),
    Case(
        name="schemas whose aliases multiply",
        base={**_RULE, CONFIG: _ECS, "schemas/x.yml": _LAUGHS},
        head=_EDIT,
        said=("1 rule",),
    ),
    Case(
        name="schemas whose merge keys multiply",
        base={**_RULE, CONFIG: _ECS, "schemas/x.yml": _MERGES},
        head=_EDIT,
        status=2,
        said=("merge keys",),
    ),
    Case(
        name="schemas 10,000 deep",
        base={**_RULE, CONFIG: _ECS, "schemas/x.yml": "[" * 10_000},
        head=_EDIT,
        status=2,
        said=("nest",),
    ),
    Case(
        name="a stack map whose merge keys multiply",
        base={**_RULE, CONFIG: '[ecs]\nstack_map = "m.yml"\n', "m.yml": _MERGES},
        head=_EDIT,
        status=2,
        said=("merge keys",),
    ),
    *(
        Case(
            name=f"a workflow {name}",
            base={**_RULE, ".github/workflows/x.yml": text},
            command=("doctor",),
            status=1,
            said=(".github/workflows/x.yml",),
        )
        for name, text in {
            "whose aliases multiply": _LAUGHS + "jobs: {a: {steps: [{uses: acme/ruleward@v1}]}}\n",
            "whose merge keys multiply": _MERGES + "jobs: {a: {steps: [{uses: acme/ruleward@v1}]}}\n",
            "10,000 deep": "uses: acme/ruleward@v1\nx: " + "[" * 10_000,
        }.items()
    ),
]
