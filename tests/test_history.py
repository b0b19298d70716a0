"""The age of a rule's logic: what the walk finds is what a slow, obvious reading of every commit finds."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audit import audit
from bot.audited import AuditedRule
from bot.collect.git import Git
from bot.collect.tree import locate
from bot.diff import leaf_changes, pair
from bot.history import Cache, Likeness
from bot.model import Blob, Category, Parsed, Rule
from bot.parse import parse
from bot.query import tokens
from bot.settings import Settings
from tests.repository import QUERY, Repository, new_repository, other_id, rule_text

TODAY = date(2026, 11, 24)
CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus"
SETTINGS = Settings()


# --- the slow, obvious way --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What history says of one rule; ``begins`` is its first day where a shallow clone leaves out the change."""

    changed: date | None
    begins: date | None


class Slow:
    """Reads every version of every rule along the first parents, oldest first, and notes each change of logic."""

    def __init__(self, path: Path) -> None:
        self.git = Git(path)
        boundary = path / ".git" / "shallow"
        listed = boundary.read_text().split() if boundary.exists() else []
        self.cut = [sha for sha in listed if "\nparent " in self.git.text("cat-file", "-p", sha)]
        self.parsed: dict[tuple[str, str], Parsed] = {}
        self.last: dict[str, Told] = {}

    def run(self, ref: str) -> dict[str, Told]:
        """Path to what was found at a commit."""
        shas = self.git.text("rev-list", "--first-parent", "--reverse", ref).split()
        old: dict[str, str] = {}
        for sha in shas:
            new = {side.path: side.oid for side in self.git.tree(sha, ()) if SETTINGS.rules.governs(side.path)}
            day = date.fromisoformat(self._utc_day(sha))
            self._step(old, new, day, cut=sha in self.cut)
            old = new
        return self.last

    def _utc_day(self, sha: str) -> str:
        return self.git.text("show", "--no-patch", "--format=%cd", "--date=format-local:%Y-%m-%d", sha)

    def _rules(self, files: dict[str, str]) -> dict[str, Parsed]:
        missing = [oid for path, oid in files.items() if (path, oid) not in self.parsed]
        found = self.git.blobs(missing)
        for path, oid in files.items():
            if (path, oid) not in self.parsed:
                blob = Blob(path=path, oid=oid, size=len(found[oid]), data=found[oid])
                self.parsed[path, oid] = parse(blob, max_bytes=1_000_000)
        return {path: self.parsed[path, oid] for path, oid in files.items()}

    def _step(self, old: dict[str, str], new: dict[str, str], day: date, *, cut: bool) -> None:
        changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
        before = self._rules({path: old[path] for path in changed if path in old})
        after = self._rules({path: new[path] for path in changed if path in new})
        known = {path: told for path, told in self.last.items() if path not in changed}
        for each in pair(before, after).pairs:
            if each.after is None:
                continue
            if each.before is None:
                known[each.after.path] = Told(None, day) if cut else Told(day, None)
            elif _differs(each.before, each.after):
                known[each.after.path] = Told(day, None)
            else:
                known[each.after.path] = self.last[each.before.path]
        self.last = known


def _differs(before: object, after: object) -> bool:
    assert isinstance(before, Rule)
    assert isinstance(after, Rule)
    for change in leaf_changes(before.data, after.data):
        if change.rewritten:
            continue
        if change.category is Category.SCOPE:
            return True
        text_alone = change.path == ("rule", "query") and _tokens(before) == _tokens(after)
        if change.category is Category.LOGIC and not text_alone:
            return True
    return False


def _tokens(rule: Rule) -> object:
    query = rule.string("rule", "query") or ""
    language = rule.string("rule", "language") or {"eql": "eql", "esql": "esql"}.get(rule.type or "", "kuery")
    return tokens(language, query) or query


def fast(path: Path, ref: str | None = "HEAD", cache: Path | None = None) -> dict[str, AuditedRule]:
    """Path to what the audit finds, deprecated rules left out."""
    done = audit(Git(path), head=ref, config=None, today=TODAY, cache=cache)
    return {rule.path: rule for rule in done.rules if not rule.deprecated and not rule.unreadable}


def assert_agree(path: Path) -> int:
    """Compare both on every rule; return how many there were."""
    slow, quick = Slow(path).run("HEAD"), fast(path)
    told = {name: Told(rule.logic_changed, rule.unchanged_since) for name, rule in quick.items()}
    assert told == {name: each for name, each in slow.items() if name in quick}
    return len(told)


# --- histories made for it --------------------------------------------------------------------------------------------


def on(repo: Repository, day: str, files: dict[str, str | bytes | None]) -> None:
    """Commit some files on a day."""
    repo.write(files)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "change", day=day)


A, B = "rules/linux/a.toml", "rules/linux/b.toml"
OTHER = 'process where process.name == "b.exe"'


@pytest.fixture
def begun(repo: Repository) -> Repository:
    """A repository whose history began without rules."""
    on(repo, "2019-01-01", {"README.md": "rules\n"})
    return repo


def test_a_rule_is_as_old_as_its_last_change_of_logic(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: rule_text(query=OTHER)})
    on(begun, "2022-01-01", {A: rule_text(query=OTHER, name="Another name", updated="2026/11/01")})
    found = fast(begun.path)[A]
    assert (found.logic_changed, found.logic_age_days) == (date(2021, 1, 1), (TODAY - date(2021, 1, 1)).days)
    assert assert_agree(begun.path) == 1


def test_a_change_of_the_indices_is_one_of_logic(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text(rule='index = ["a", "b"]\n')})
    on(begun, "2021-01-01", {A: rule_text(rule='index = ["a", "c"]\n')})
    on(begun, "2022-01-01", {A: rule_text(rule='index = ["c", "a"]\n')})
    assert fast(begun.path)[A].logic_changed == date(2021, 1, 1)
    assert_agree(begun.path)


def test_indices_that_are_only_written_as_a_list_are_no_logic(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text(rule='index = "a"\n')})
    on(begun, "2021-01-01", {A: rule_text(rule='index = ["a"]\n')})
    assert fast(begun.path)[A].logic_changed == date(2020, 1, 1)


def test_the_layout_of_a_query_is_no_logic(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: rule_text(query=QUERY.replace(" where ", "\n  where  ") + " // seen in May")})
    assert fast(begun.path)[A].logic_changed == date(2020, 1, 1)
    assert_agree(begun.path)


def test_an_integration_under_metadata_is_scope(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: rule_text(metadata='integration = ["okta"]\n')})
    on(begun, "2022-01-01", {A: rule_text(metadata='integration = ["okta"]\nmin_stack_version = "8.3.0"\n')})
    assert fast(begun.path)[A].logic_changed == date(2021, 1, 1)
    assert_agree(begun.path)


def test_a_moved_and_rewritten_rule_is_followed_by_its_id(begun: Repository) -> None:
    words = "".join(f"Step {number}: look at what it did before.\n" for number in range(40))
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: None, "rules/windows/z.toml": rule_text(rule=f'note = """{words}"""\n')})
    assert fast(begun.path)["rules/windows/z.toml"].logic_changed == date(2020, 1, 1)
    assert_agree(begun.path)


def test_a_rule_moved_twice_and_untouched_is_followed(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: None, B: rule_text()})
    on(begun, "2022-01-01", {B: None, A: rule_text()})
    assert fast(begun.path)[A].logic_changed == date(2020, 1, 1)
    assert_agree(begun.path)


def test_a_moved_rule_with_a_new_id_is_followed_by_its_text(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: None, B: rule_text(rule_id=other_id(7))})
    assert fast(begun.path)[B].logic_changed == date(2020, 1, 1)


def test_a_rule_that_takes_over_the_file_of_another_keeps_its_age(begun: Repository) -> None:
    one, two = rule_text(rule_id=other_id(1)), rule_text(rule_id=other_id(2), query=OTHER)
    on(begun, "2020-01-01", {A: one})
    on(begun, "2021-01-01", {B: two})
    on(begun, "2022-01-01", {A: None, B: None, "rules/c.toml": one, "rules/d.toml": two})
    on(begun, "2023-01-01", {"rules/c.toml": two, "rules/d.toml": None})
    assert fast(begun.path)["rules/c.toml"].logic_changed == date(2021, 1, 1)
    assert_agree(begun.path)


def test_a_rule_that_was_away_is_as_old_as_its_return(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text(), B: rule_text(rule_id=other_id(1))})
    on(begun, "2021-01-01", {A: None})
    on(begun, "2022-01-01", {A: rule_text()})
    assert fast(begun.path)[A].logic_changed == date(2022, 1, 1)
    assert_agree(begun.path)


def test_a_version_that_cannot_be_read_hides_no_change_and_makes_none(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text(), B: rule_text(rule_id=other_id(1))})
    on(begun, "2021-01-01", {A: "[rule\n", B: "[rule\n"})
    on(begun, "2022-01-01", {A: "no = toml = at all\n"})
    on(begun, "2023-01-01", {A: rule_text(), B: rule_text(rule_id=other_id(1), query=OTHER)})
    on(begun, "2024-01-01", {A: rule_text(name="Later"), B: rule_text(rule_id=other_id(1), query=OTHER, name="L")})
    found = fast(begun.path)
    assert found[A].logic_changed == date(2020, 1, 1)
    assert found[B].logic_changed == date(2023, 1, 1)


def test_what_the_first_commit_holds_is_as_old_as_that_commit(repo: Repository) -> None:
    on(repo, "2020-01-01", {A: rule_text()})
    on(repo, "2022-01-01", {A: rule_text(name="Another")})
    found = fast(repo.path)[A]
    age = (TODAY - date(2020, 1, 1)).days
    assert (found.logic_changed, found.unchanged_since, found.logic_age_days) == (date(2020, 1, 1), None, age)
    assert found.reasons["stale-logic"] == age
    assert any("was last changed on `2020-01-01`" in each.message for each in found.findings)
    assert_agree(repo.path)


def test_a_first_commit_that_cannot_be_read_ends_with_the_commit_that_mended_it(repo: Repository) -> None:
    on(repo, "2020-01-01", {A: "broken ["})
    on(repo, "2022-01-01", {A: rule_text()})
    assert fast(repo.path)[A].logic_changed == date(2022, 1, 1)


def test_a_rule_that_came_announced_or_waiting_is_so_since_its_own_dates(repo: Repository) -> None:
    announced = rule_text(name="Deprecated - A rule", updated="2026/01/01")
    waiting = rule_text(rule_id=other_id(1), maturity="beta", created="2025/01/01", updated="2026/11/20")
    on(repo, "2026-11-20", {A: announced, B: waiting})
    found = fast(repo.path)
    assert found[A].reasons == {"deprecation-limbo": (TODAY - date(2026, 1, 1)).days}
    assert found[B].reasons == {"unpromoted-rule": (TODAY - date(2025, 1, 1)).days}


def test_only_where_a_shallow_clone_was_cut_off_is_the_day_unknown(repo: Repository, tmp_path: Path) -> None:
    on(repo, "2020-01-01", {A: rule_text()})
    on(repo, "2021-01-01", {B: rule_text(rule_id=other_id(1))})
    on(repo, "2022-01-01", {B: rule_text(rule_id=other_id(1), query=OTHER)})
    for depth, old in ((2, Told(None, date(2021, 1, 1))), (3, Told(date(2020, 1, 1), None))):  # git calls both shallow
        clone = tmp_path / str(depth)
        repo.git("clone", "--quiet", f"--depth={depth}", f"file://{repo.path}", str(clone))
        found = fast(clone)
        assert Told(found[A].logic_changed, found[A].unchanged_since) == old
        assert found[B].logic_changed == date(2022, 1, 1)
        assert_agree(clone)
        (source,) = audit(Git(clone), head="HEAD", config=None, today=TODAY).sources
        assert ("shallow: when 1 of 2 rules" in source.note) == (depth == 2)
        assert bool(source.note) == (depth == 2)


def test_a_merge_is_what_it_brings_to_the_branch(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    begun.git("checkout", "--quiet", "-b", "topic")
    on(begun, "2021-01-01", {A: rule_text(query=OTHER)})
    begun.git("checkout", "--quiet", "main")
    on(begun, "2021-06-01", {B: rule_text(rule_id=other_id(1))})
    begun.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    assert fast(begun.path)[A].logic_changed == date(2026, 1, 2)  # the day on which the tests make merges
    assert_agree(begun.path)


def test_mass_edits_since_the_last_change_of_logic_are_counted(begun: Repository) -> None:
    def all_rules(**more: str) -> dict[str, str | bytes | None]:
        return {f"rules/r{number}.toml": rule_text(rule_id=other_id(number), **more) for number in range(50)}

    on(begun, "2020-01-01", all_rules())
    on(begun, "2021-01-01", all_rules(query=OTHER))
    on(begun, "2022-01-01", all_rules(query=OTHER, updated="2022/01/01"))
    on(begun, "2022-02-01", {"rules/r0.toml": rule_text(rule_id=other_id(0), query=OTHER, updated="2022/02/01")})
    on(begun, "2023-01-01", all_rules(query=OTHER, updated="2023/01/01"))
    assert {rule.mass_edits for rule in fast(begun.path).values()} == {2}


def test_the_notice_and_the_maturity_have_days_of_their_own(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text(), B: rule_text(rule_id=other_id(1), maturity="development")})
    on(begun, "2024-01-01", {A: rule_text(name="Deprecated - A rule")})
    later = rule_text(rule_id=other_id(1), maturity="beta", created="2019/01/01", updated="2026/11/20")
    on(begun, "2025-01-01", {A: rule_text(name="Deprecated - A rule", query=OTHER, updated="2026/11/01"), B: later})
    found = fast(begun.path)
    assert found[A].reasons["deprecation-limbo"] == (TODAY - date(2024, 1, 1)).days
    assert found[B].reasons["unpromoted-rule"] == (TODAY - date(2025, 1, 1)).days


def test_what_only_the_working_tree_changes_happened_today(begun: Repository) -> None:
    on(begun, "2020-01-01", {A: rule_text(), B: rule_text(rule_id=other_id(1))})
    begun.write({A: rule_text(query=OTHER), B: None, "rules/new.toml": rule_text(rule_id=other_id(1))})
    found = fast(begun.path, None)
    assert found[A].logic_changed == TODAY
    assert found["rules/new.toml"].logic_changed == date(2020, 1, 1)
    assert B not in found
    assert fast(begun.path, "HEAD")[A].logic_changed == date(2020, 1, 1)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(("query", "index", "name", "metadata", "break", "move", "remove", "layout")),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=14,
)


@dataclass
class _Made:
    """A rule of the random histories."""

    number: int
    query: int = 0
    index: int = 0
    name: int = 0
    metadata: int = 0
    layout: int = 0

    def text(self) -> str:
        """The whole file."""
        space = "\n" + " " * self.layout
        return rule_text(
            rule_id=other_id(self.number),
            query=f'process where{space}process.name == "{self.query}.exe"',
            name=f"Rule {self.number} {self.name}",
            metadata=f'min_stack_version = "8.{self.metadata}.0"\n',
            rule=f'index = ["logs-{self.index}"]\n',
        )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_random_histories_agree(edits: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory) -> None:
    repo = new_repository(tmp_path_factory.mktemp("random"))
    rules = {number: _Made(number) for number in range(4)}
    places = {number: f"rules/r{number}.toml" for number in rules}
    repo.commit({"README.md": "x"})
    repo.commit({places[number]: rule.text() for number, rule in rules.items()})
    for turn, (kind, number, other) in enumerate(edits):
        if number not in places:
            places[number] = f"rules/back{turn}.toml"
            on(repo, f"2021-01-{turn + 1:02}", {places[number]: rules[number].text()})
            continue
        files: dict[str, str | bytes | None] = {}
        if kind == "remove":
            files[places.pop(number)] = None
        elif kind == "move":
            files[places[number]] = None
            places[number] = f"rules/{other}/moved{turn}.toml"
            rules[number].name += other
            files[places[number]] = rules[number].text()
        elif kind == "break":
            rules[other].name += 1
            rules[number].query += 1
            files = {places[each]: rules[each].text() for each in (number, other) if each in places}
        else:
            setattr(rules[number], kind, getattr(rules[number], kind) + 1)
            files[places[number]] = rules[number].text()
        on(repo, f"2021-01-{turn + 1:02}", files)
    assert assert_agree(repo.path) == len(places)


# --- clones that lack something, and the cache ------------------------------------------------------------------------


def test_a_shallow_clone_says_so_and_goes_by_dates(begun: Repository, tmp_path: Path) -> None:
    on(begun, "2018-01-01", {A: rule_text(updated="2026/11/01")})
    on(begun, "2026-10-01", {A: rule_text(updated="2026/11/01", name="Later")})
    begun.git("clone", "--quiet", "--depth=1", f"file://{begun.path}", str(tmp_path / "shallow"))
    done = audit(Git(tmp_path / "shallow"), head="HEAD", config=None, today=TODAY)
    assert "shallow" in done.sources[0].note
    assert "1 of 1 rules" in done.sources[0].note
    assert [rule.reasons for rule in done.rules] == [{}]
    assert list(fast(begun.path)[A].reasons) == ["stale-logic"]


def test_a_partial_clone_fetches_what_it_lacks_in_few_goes(begun: Repository, tmp_path: Path) -> None:
    on(begun, "2020-01-01", {A: rule_text(), B: rule_text(rule_id=other_id(1))})
    for year in range(2021, 2026):
        on(begun, f"{year}-01-01", {A: rule_text(updated=f"{year}/01/01"), B: None, f"rules/b{year}.toml": "x = 1\n"})
        on(begun, f"{year}-02-01", {f"rules/b{year}.toml": None, B: rule_text(rule_id=other_id(1))})
    begun.git("config", "uploadpack.allowFilter", "true")
    begun.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "partial"
    begun.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{begun.path}", str(clone))
    git = Git(clone)
    calls: list[str] = []
    run = git.run

    def counted(*arguments: str, **more: object) -> bytes:
        calls.append(arguments[0] if arguments[0] != "-c" else arguments[2])
        return run(*arguments, **more)  # type: ignore[arg-type]

    git.run = counted  # type: ignore[method-assign]
    done = audit(git, head=None, config=None, today=TODAY)
    assert {rule.path: rule.logic_changed for rule in done.rules} == {
        path: rule.logic_changed for path, rule in fast(begun.path).items()
    }
    assert 1 <= calls.count("fetch") <= 6


def test_a_partial_clone_cut_off_from_its_remote_is_incomplete_not_wrong(begun: Repository, tmp_path: Path) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: rule_text(name="Later")})
    begun.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    begun.git("clone", "--quiet", "--filter=blob:none", f"file://{begun.path}", str(clone))
    subprocess.run(["git", "remote", "set-url", "origin", f"file://{tmp_path}/gone"], cwd=clone, check=True)
    found = fast(clone)[A]
    assert (found.logic_changed, found.logic_age_days) == (None, None)


def test_the_cache_saves_reading_and_changes_nothing(begun: Repository, tmp_path: Path) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: None, B: rule_text(name="Moved")})
    on(begun, "2022-01-01", {B: rule_text(name="Later")})
    cache = tmp_path / "ages.json"
    first = fast(begun.path, cache=cache)
    kept = cache.read_bytes()
    assert fast(begun.path, cache=cache) == first == fast(begun.path)
    assert cache.read_bytes() == kept
    assert len(json.loads(kept)["pairs"]) == 2


def test_half_a_cache_does_no_harm(begun: Repository, tmp_path: Path) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    on(begun, "2021-01-01", {A: None, B: rule_text(name="Moved")})
    other = rule_text(rule_id=other_id(9), name="Another")
    on(begun, "2022-01-01", {"rules/c.toml": other})
    on(begun, "2023-01-01", {"rules/c.toml": rule_text(name="Moved"), B: None})
    cache = tmp_path / "ages.json"
    first = fast(begun.path, cache=cache)
    assert first["rules/c.toml"].logic_changed == date(2020, 1, 1)
    held = json.loads(cache.read_bytes())
    assert held["ids"]
    for part in ("pairs", "ids"):
        cache.write_text(json.dumps({**held, part: {}}), encoding="utf-8")
        assert fast(begun.path, cache=cache) == first


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"\xff\x00 not json", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"[]", "damaged"),
        (b'{"kind": "ruleward logic ages", "version": "0/0", "pairs": {}, "ids": {}}', "another version"),
        (b'{"kind": "ruleward logic ages", "version": "1", "pairs": [], "ids": {}}', "damaged"),
    ],
)
def test_a_cache_that_is_no_good_is_left_aside_in_plain_words(data: bytes, note: str) -> None:
    read = Cache.read(data, "1")
    assert note in read.note
    assert (read.pairs, read.ids) == ({}, {})


def test_a_cache_file_that_is_no_good_is_replaced(begun: Repository, tmp_path: Path) -> None:
    on(begun, "2020-01-01", {A: rule_text()})
    cache = tmp_path / "ages.json"
    cache.write_bytes(b"half a fi")
    done = audit(Git(begun.path), head=None, config=None, today=TODAY, cache=cache)
    assert "damaged" in done.sources[0].note
    assert audit(Git(begun.path), head=None, config=None, today=TODAY, cache=cache).sources[0].note == ""


@given(st.tuples(*[st.booleans()] * 5))
def test_a_likeness_survives_the_cache(flags: tuple[bool, bool, bool, bool, bool]) -> None:
    logic, notice, maturity, identity, readable = flags
    likeness = Likeness(logic=logic, notice=notice, maturity=maturity, identity=identity, readable=readable)
    cache = Cache(version="1")
    cache.put("a", "b", likeness)
    assert Cache.read(cache.write(), "1").get("a", "b") == likeness


@pytest.mark.long
@pytest.mark.skipif(not (CORPUS / "dev.bundle").exists(), reason="the corpus of real rules is not here")
def test_on_six_years_of_real_rules_every_age_agrees(tmp_path: Path) -> None:
    clone = tmp_path / "rules"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(CORPUS / "dev.bundle"), str(clone)], check=True)
    assert locate(Git(clone), None)[0].ref == "HEAD"
    assert assert_agree(clone) > 1_500
