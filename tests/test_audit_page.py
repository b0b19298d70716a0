"""The page of the audit: one file that fetches nothing, in which nothing of a rule is more than text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audited import Advice, Audit, AuditedRule, Source, attention
from bot.model import Finding, Level, Waived
from bot.render import render_audit
from tests.repository import other_id

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TODAY = date(2026, 11, 24)
CHROMIUM = Path("/usr/bin/chromium")
SOURCE = Source(repository="o/r", ref="main", sha="0" * 40)
SEVERITIES = ("critical", "high", "medium", "low")
TACTICS = ("Execution", "Persistence", "Impact")


def made(number: int, **more: object) -> AuditedRule:
    """One of many rules; every fifth is stale."""
    stale = number % 5 == 0
    days = 100 + number % 900
    finding = Finding(
        policy="stale-logic",
        severity=Level.WARNING,
        message=f"the detection logic was last changed on `2020-01-01`, {days} days ago",
        path=f"rules/windows/rule_{number}.toml",
        line=9,
    )
    rule = AuditedRule(
        path=f"rules/{('windows', 'linux', 'macos')[number % 3]}/execution_by_an_unusual_tool_{number}.toml",
        repository="o/r",
        rule_id=other_id(number),
        name=f"Execution by an Unusual Tool {number}",
        type="eql",
        severity=SEVERITIES[number % 4],
        maturity="production",
        updated_date="2024/01/01",
        age_days=number % 700,
        logic_changed=date(2020, 1, 1),
        logic_age_days=days,
        mass_edits=number % 7,
        owners=(f"@o/team-{number % 3}",),
        tactics=(TACTICS[number % 3],),
        reasons={"stale-logic": days} if stale else {},
        findings=(finding,) if stale else (),
        advice=(Advice(step="review", words="test it against today's data", days=days),) if stale else (),
    )
    return replace(rule, **more)  # type: ignore[arg-type]


def of(*rules: AuditedRule, source: Source = SOURCE) -> Audit:
    """An audit of some rules."""
    return Audit(today=TODAY, sources=(source,), rules=tuple(sorted(rules, key=attention)))


def page_of(*rules: AuditedRule) -> str:
    """The page of some rules."""
    return render_audit(of(*rules), "html")


# --- without a browser ------------------------------------------------------------------------------------------------


class Seen(HTMLParser):
    """Everything a page asks for, and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text.append(data)


def test_the_page_fetches_nothing_and_allows_no_script_but_its_own() -> None:
    seen = Seen(page_of(made(0), made(1)))
    asked = [
        value for _, attrs in seen.tags for key, value in attrs.items() if key in {"src", "href", "action", "data"}
    ]
    assert asked == ["data:,"]
    (policy,) = [attrs["content"] for tag, attrs in seen.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not [attrs for _, attrs in seen.tags if any(key.startswith("on") or key == "style" for key in attrs)]
    assert [tag for tag, _ in seen.tags].count("script") == 2


def test_the_table_and_the_numbers_are_there_without_javascript() -> None:
    text = page_of(*map(made, range(300)))
    assert text.count('<td class="name">') == 300
    assert "60 of 300 rules are stale" in text
    assert "<td>critical" in text


def test_a_tactic_that_nothing_covers_is_shown_as_such() -> None:
    assert re.search(r'<th scope="row">Exfiltration<td class="number">0', page_of(made(0)))


def test_an_empty_tree_is_a_page_too() -> None:
    assert "0 of 0 rules are stale" in page_of()


def test_a_logic_older_than_the_history_is_at_least_so_old() -> None:
    rule = made(1, logic_changed=None, logic_age_days=None, unchanged_since=date(2025, 11, 24))
    assert '<td class="number">≥ 365' in page_of(rule)


def test_what_is_postponed_says_until_when_and_why() -> None:
    excused = replace(made(0).findings[0], waived=Waived(exception="a good reason", expires=date(2027, 1, 31)))
    text = page_of(made(0, reasons={}, postponed=("stale-logic",), findings=(excused,)))
    assert "(excepted until 2027-01-31: a good reason)" in text
    assert "old logic: postponed" in text


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "</title><svg/onload=alert(1)>",
    "</style><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "<!-- --><![CDATA[",
    "\x00\u202e\ud800",
)


@settings(max_examples=80)
@given(st.tuples(*[st.one_of(st.sampled_from(HOSTILE), st.text(max_size=50))] * 6))
def test_text_of_a_rule_is_only_text(texts: tuple[str, str, str, str, str, str]) -> None:
    name, path, owner, message, state, where = texts
    finding = Finding(policy="file-name", severity=Level.NOTICE, message=message, path=path)
    advice = Advice(step="review", words=message, blocked=name)
    rule = made(
        0,
        name=name,
        path=f"{path}/{path}",
        owners=(owner,),
        severity=state,
        maturity=state,
        rule_id=name,
        tactics=(owner,),
        findings=(finding,),
        advice=(advice,),
        reasons={message: 1},
        repository=where,
    )
    source = replace(SOURCE, repository=where, note=message, ref=name, sha=None)
    shape = [tag for tag, _ in Seen(render_audit(of(made(0), source=replace(SOURCE, note="a note")), "html")).tags]
    text = render_audit(of(rule, source=source), "html")
    seen = Seen(text)
    allowed = set(shape) | {"br", "code", "details", "summary", "ul", "li", "option", "div", "span"}
    assert {tag for tag, _ in seen.tags} <= allowed
    assert [tag for tag, _ in seen.tags].count("script") == 2
    assert [tag for tag, _ in seen.tags].count("style") == 1
    assert not [attrs for _, attrs in seen.tags if any(key.startswith("on") for key in attrs)]


# --- in a browser -----------------------------------------------------------------------------------------------------

browsing = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium at /usr/bin/chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page in a browser, with everything it complained about or asked the network for."""

    def __init__(self, browser: Browser, place: Path, text: str, **options: Any) -> None:
        place.write_text(text, encoding="utf-8", errors="replace")
        context = browser.new_context(**options)
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.goto(place.as_uri())

    def _asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:")):
            self.complaints.append(url)

    def names(self) -> list[str]:
        """The names of the rules that are shown."""
        return self.page.locator("#rules tbody tr:visible .name b").all_inner_texts()


@pytest.fixture(scope="module")
def many() -> str:
    """The page of as many rules as a large repository has."""
    return page_of(*map(made, range(2_192)))


class TestInChromium:
    """What a reader does with the page."""

    pytestmark = browsing

    def test_it_loads_quietly_and_shows_the_first_hundred(self, browser: Browser, tmp_path: Path, many: str) -> None:
        opened = Opened(browser, tmp_path / "a.html", many)
        assert opened.page.inner_text("#shown") == "100 of 2,192 rules shown"
        assert len(opened.names()) == 100
        opened.page.click("#next")
        assert len(opened.names()) == 200
        opened.page.click("#all")
        assert len(opened.names()) == 2_192
        assert opened.complaints == []

    def test_a_click_on_a_heading_sorts(self, browser: Browser, tmp_path: Path, many: str) -> None:
        opened = Opened(browser, tmp_path / "a.html", many)

        def column(number: int) -> list[str]:
            return opened.page.locator(f"#rules tbody td:nth-child({number})").all_inner_texts()

        opened.page.click("#rules th:nth-child(4) button")
        ages = [int(text.replace(",", "")) for text in column(4)]
        assert ages == sorted(ages, reverse=True)
        assert opened.page.get_attribute("#rules th:nth-child(4)", "aria-sort") == "descending"
        opened.page.click("#rules th:nth-child(4) button")
        assert column(4)[0] == "100"
        opened.page.click("#rules th:nth-child(2) button")
        assert set(column(2)) == {"critical"}
        opened.page.click("#rules th:nth-child(1) button")
        assert opened.names()[0] == "Execution by an Unusual Tool 0"

    def test_filters_and_search_find_a_rule(self, browser: Browser, tmp_path: Path, many: str) -> None:
        opened = Opened(browser, tmp_path / "a.html", many)
        opened.page.fill("#search", "linux tool_1234")
        opened.page.locator("#shown", has_text="1 of 1 rules").wait_for()
        assert opened.names() == ["Execution by an Unusual Tool 1234"]
        opened.page.fill("#search", other_id(77))
        opened.page.locator("#rules tbody b", has_text="Tool 77").wait_for()
        assert opened.names() == ["Execution by an Unusual Tool 77"]
        opened.page.click("#clear")
        opened.page.select_option("select[data-column=severity]", "critical")
        opened.page.select_option("select[data-column=reason]", "stale-logic")
        opened.page.select_option("select[data-column=owner]", "@o/team-2")
        wanted = [number for number in range(2_192) if number % 5 == 0 and number % 4 == 0 and number % 3 == 2]
        assert opened.page.inner_text("#shown") == f"{len(wanted)} of {len(wanted)} rules shown, 2,192 in all"
        assert len(opened.names()) == len(wanted)

    def test_it_reads_without_javascript(self, browser: Browser, tmp_path: Path, many: str) -> None:
        opened = Opened(browser, tmp_path / "a.html", many, java_script_enabled=False)
        assert opened.page.locator("#rules tbody tr").count() == 2_192
        assert opened.page.locator("#rules tbody tr").nth(2_000).is_visible()
        assert opened.page.inner_text("h1") == "439 of 2,192 rules are stale"
        assert not opened.page.locator("#search").is_visible()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [1280, 390])
    def test_axe_finds_no_violation(self, browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
        from axe_playwright_python.sync_playwright import Axe

        rules = [made(number) for number in range(120)]
        rules += [made(500, unreadable=True), made(501, deprecated=True), made(502, postponed=("stale-logic",))]
        source = replace(SOURCE, note="this clone is shallow")
        text = render_audit(of(*rules, source=source), "html")
        viewport = {"width": width, "height": 900}
        opened = Opened(browser, tmp_path / "a.html", text, color_scheme=scheme, viewport=viewport)
        results = Axe().run(opened.page).response
        assert [(each["id"], each["nodes"][0]["html"]) for each in results["violations"]] == []
        assert len(results["passes"]) > 15

    def test_a_phone_scrolls_down_and_not_sideways(self, browser: Browser, tmp_path: Path, many: str) -> None:
        opened = Opened(browser, tmp_path / "a.html", many, viewport={"width": 390, "height": 844})
        assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
        assert opened.page.evaluate("document.getElementById('rules').scrollWidth") <= 390

    def test_the_marks_of_the_notes_stand_inside_their_box(self, browser: Browser, tmp_path: Path) -> None:
        text = render_audit(of(made(1), source=replace(SOURCE, note="this clone is shallow")), "html")
        opened = Opened(browser, tmp_path / "a.html", text)
        left = "document.querySelector('{}').getBoundingClientRect().left"
        mark = 20  # pixels to the left of an item
        assert opened.page.evaluate(left.format(".notes li")) - opened.page.evaluate(left.format(".notes")) > mark

    def test_hostile_text_runs_nothing(self, browser: Browser, tmp_path: Path) -> None:
        rules = [
            made(number, name=text, owners=(text,), severity=text, maturity=text, path=f"rules/{text}.toml")
            for number, text in enumerate(HOSTILE)
        ]
        opened = Opened(browser, tmp_path / "a.html", page_of(*rules))
        assert opened.complaints == []
        assert len(opened.names()) == len(HOSTILE)
        opened.page.click("#rules th:nth-child(1) button")
        assert opened.complaints == []

    def test_twenty_thousand_rules_stay_usable(self, browser: Browser, tmp_path: Path) -> None:
        opened = Opened(browser, tmp_path / "a.html", page_of(*map(made, range(20_000))))
        assert opened.page.inner_text("#shown") == "100 of 20,000 rules shown"
        opened.page.fill("#search", "tool_19999.toml")
        opened.page.locator("#shown", has_text="1 of 1 rules").wait_for()
        opened.page.click("#clear")
        opened.page.click("#rules th:nth-child(4) button")
        assert len(opened.names()) == 100
        assert json.dumps(opened.complaints) == "[]"
