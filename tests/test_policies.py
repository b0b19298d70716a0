"""Runs the manual: each page of ``tests/policies`` is a list of claims about one policy and rules that show it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from bot.audited import RuleHistory
from bot.config import read_config
from bot.diff import diff, pair
from bot.fix import apply, offered, together
from bot.judge import judge
from bot.model import Blob, Finding, NoRule, Parsed, Past, Rule, RuleRef, parse_date
from bot.parse import parse
from bot.policy import Scope, all_policies
from bot.settings import Settings
from bot.stale import audit_rules

PAGES = Path(__file__).parent / "policies"
TODAY = date(2026, 11, 24)
_FENCE = re.compile(r"(?P<ticks>`{3,})(?P<kind>\w+)[ ]?(?P<info>.*)")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence of a page and what shows it.

    Attributes:
        before, after: path to text; a file that is equal on both sides stands in the tree unchanged.
        findings: as the page writes them, a line each.
        past: what the history says of the head's files.
        since: since when it says that a promoted rule stood in its state.
        title: of the pull request.
        history: when what happened to the files, for policies that the audit alone asks.
    """

    policy: str
    sentence: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    config: str | None = None
    today: date = TODAY
    past: Past = Past.NOT_ASKED
    since: date | None = None
    title: str = ""
    history: RuleHistory | None = None
    findings: list[str] | None = None


def read_page(path: Path) -> list[Claim]:
    """Read a page: a heading with the policy's id, then a heading a claim with its fences."""
    policy, claims = "", []
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith("# "):
            assert not policy, f"{path.name}: two titles"
            policy = line.removeprefix("# ")
        elif line.startswith("## "):
            claims.append(Claim(policy=policy, sentence=line.removeprefix("## ")))
        elif fence := _FENCE.fullmatch(line):
            assert claims, f"{path.name}: a fence before the first claim"
            content = []
            for inner in lines:
                if inner == fence["ticks"]:
                    break
                content.append(inner)
            claims[-1] = _with_fence(claims[-1], fence["kind"], fence["info"], content)
    assert policy == path.stem, f"{path.name}: the title is `{policy}`"
    return claims


_WORDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "today": ("today", parse_date),
    "past": ("past", Past),
    "since": ("since", parse_date),
    "title": ("title", str),
    "history": ("history", lambda text: _history(text.splitlines())),
}


def _with_fence(claim: Claim, kind: str, info: str, lines: list[str]) -> Claim:
    text = "".join(f"{line}\n" for line in lines)
    side, _, path = info.partition("=")
    if kind == "toml" and side == "before":
        return replace(claim, before=claim.before | {path: text})
    if kind == "toml" and side == "after":
        return replace(claim, after=claim.after | {path: text})
    if kind == "config":
        return replace(claim, config=text)
    if kind in _WORDS:
        name, read = _WORDS[kind]
        value = read(text.strip())
        assert value is not None, f"{claim.sentence}: {kind} cannot be read"
        return replace(claim, **{name: value})  # type: ignore[arg-type]
    assert kind == "findings", f"{claim.sentence}: unknown fence {kind} {info}"
    return replace(claim, findings=[line for line in lines if line.strip()])


def _history(lines: list[str]) -> RuleHistory:
    facts = dict(line.split(" ", 1) for line in lines)
    mass = int(facts.pop("mass_edits", "0"))
    return RuleHistory(mass_edits=mass, **{key: date.fromisoformat(value) for key, value in facts.items()})


def run_review(claim: Claim) -> list[Finding]:
    """Review a claim's files and return what all policies say."""
    settings = read_config(claim.config.encode() if claim.config is not None else None)
    before, after = _parsed(claim.before, settings), _parsed(claim.after, settings)
    edited = {path for path in before.keys() | after.keys() if claim.before.get(path) != claim.after.get(path)}
    pairing = pair(
        {path: each for path, each in before.items() if path in edited},
        {path: each for path, each in after.items() if path in edited},
    )
    changes = diff(pairing, settings)
    told = (replace(each, past=claim.past, state_since=claim.since) for each in changes.rules)
    changes = replace(changes, rules=tuple(told))
    ids: dict[str, tuple[RuleRef, ...]] = defaultdict(tuple)
    names: dict[str, tuple[RuleRef, ...]] = defaultdict(tuple)
    for rule in after.values():
        if isinstance(rule, Rule):
            gone = settings.is_deprecated(rule.path, rule.maturity)
            ref = RuleRef(path=rule.path, rule_id=rule.rule_id, name=rule.name, deprecated=gone)
            ids[rule.rule_id or ""] += (ref,)
            names[rule.name or ""] += (ref,)
    judgement = judge(changes, settings, today=claim.today, ids=dict(ids), names=dict(names), title=claim.title)
    return [*(finding for review in judgement.rules for finding in review.findings), *judgement.findings]


def run_audit(claim: Claim) -> list[Finding]:
    """Audit a claim's files and return what all policies say."""
    settings = read_config(claim.config.encode() if claim.config is not None else None)
    rules = [each for each in _parsed(claim.after, settings).values() if not isinstance(each, NoRule)]
    audited = audit_rules(
        rules,
        {rule.path: claim.history for rule in rules if claim.history is not None},
        settings,
        today=claim.today,
        owners=lambda _: (),
        advise=lambda *_: (),
    )
    return [finding for rule in audited for finding in rule.findings]


def run(claim: Claim) -> list[Finding]:
    """Review a claim's files, or audit them where the audit alone asks; return what all policies say."""
    return run_audit(claim) if all_policies()[claim.policy].scope is Scope.AUDIT else run_review(claim)


def _parsed(files: dict[str, str], settings: Settings) -> dict[str, Parsed]:
    parsed = {}
    for path, text in files.items():
        data = text.encode()
        parsed[path] = parse(Blob(path=path, data=data, size=len(data)), max_bytes=settings.rules.max_bytes)
    return parsed


def said(finding: Finding) -> str:
    """Write a finding as the pages do."""
    line = "-" if finding.line is None else finding.line
    return f"{finding.severity} line {line}: {finding.message}" + (" [preexisting]" if finding.preexisting else "")


ALL_PAGES = {path.stem: path for path in sorted(PAGES.glob("*.md"))}
CLAIMS = [claim for path in ALL_PAGES.values() for claim in read_page(path)]


def test_every_policy_has_a_page_and_every_page_a_policy() -> None:
    assert sorted(ALL_PAGES) == sorted(all_policies())


@pytest.mark.parametrize("identity", sorted(all_policies()))
def test_a_policy_stands_in_the_file_of_its_name(identity: str) -> None:
    module = all_policies()[identity].check.__module__
    assert module == f"bot.policies.{identity.replace('-', '_')}"


@pytest.mark.parametrize("identity", sorted(ALL_PAGES))
def test_a_page_shows_its_policy_firing_and_silent(identity: str) -> None:
    claims = [claim for claim in CLAIMS if claim.policy == identity]
    assert any(claim.findings for claim in claims)
    assert any(claim.findings == [] for claim in claims)
    assert len({claim.sentence for claim in claims}) == len(claims)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.policy}: {claim.sentence}")
def test_claim(claim: Claim) -> None:
    assert claim.findings is not None, "a claim without a findings fence claims nothing"
    assert claim.before or claim.after
    ours = [said(finding) for finding in run(claim) if finding.policy == claim.policy]
    assert sorted(ours) == sorted(claim.findings)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.policy}: {claim.sentence}")
def test_a_fix_mends_and_breaks_nothing(claim: Claim) -> None:
    found = run(claim)
    known = {_key(finding) for finding in found}
    for finding in found:
        if finding.policy == claim.policy and finding.fix is not None:
            fixed = apply(claim.after[finding.path], [finding.fix])
            left = {_key(each) for each in run(replace(claim, after=claim.after | {finding.path: fixed}))}
            assert _key(finding) not in left
            assert left <= known


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.policy}: {claim.sentence}")
def test_all_fixes_together_come_to_rest_and_break_nothing(claim: Claim) -> None:
    known = {_key(finding) for finding in run(claim)}
    rounds = 0
    while offers := _offers(claim):
        edits = {path: [each.fix for each in together(found) if each.fix] for path, found in offers.items()}
        claim = replace(claim, after=claim.after | {path: apply(claim.after[path], edits[path]) for path in edits})
        rounds += 1
        assert rounds < 4
    assert {_key(finding) for finding in run(claim)} <= known


def _offers(claim: Claim) -> dict[str, list[Finding]]:
    """What is to be fixed in each file."""
    offers: dict[str, list[Finding]] = defaultdict(list)
    for finding in filter(offered, run(claim)):
        offers[finding.path].append(finding)
    return offers


def _key(finding: Finding) -> tuple[str, str, object]:
    return finding.policy, finding.path, finding.at


AUDITED = [claim for claim in CLAIMS if all_policies()[claim.policy].scope is Scope.AUDIT]


@pytest.mark.parametrize("claim", AUDITED, ids=lambda claim: f"{claim.policy}: {claim.sentence}")
def test_no_review_asks_a_policy_of_the_audit(claim: Claim) -> None:
    assert claim.policy not in {finding.policy for finding in run_review(claim)}
