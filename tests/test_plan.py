"""From what is wished for and what is there to the writes in between: pure, so each line of the table is a case."""

from __future__ import annotations

from bot.github.facts import Comment, Inline, LabelEvent, Person, Status
from bot.github.labels import Label
from bot.github.plan import (
    AddLabels,
    CreateComment,
    CreateLabel,
    CreateReview,
    DeleteComment,
    DeleteInline,
    EditComment,
    EditInline,
    Held,
    InlineWish,
    RecordWaiver,
    RemoveLabel,
    SetStatus,
    StatusWish,
    Wishes,
    Write,
    plan,
    settled,
)

BOT = Person(login="bot[bot]", bot=True)
ADA = Person(login="ada", bot=False)
NEW = Label(name="rule: new", color="0e8a16", description="Adds a rule")
BLOCKED = Label(name="governance: blocked", color="b60205", description="Blocked")
OWNED = frozenset({"rule: new", "governance: blocked"})
STATUS = StatusWish(context="ruleward: main", state="success", description="Passed")
BODY = "<!-- ruleward:review v1 change=aa -->\nHello"
WISH = InlineWish(key="ab", path="a.toml", line=4, first=None, body="<!-- ruleward:inline ab -->\nBad")


def comment(number: int, body: str = BODY) -> Comment:
    return Comment(number=number, body=body, author=BOT, created="2026-11-24T00:00:00Z", edited=False, url="")


def inline(
    number: int,
    *,
    body: str = WISH.body,
    line: int | None = 4,
    first: int | None = None,
    author: Person = BOT,
    parent: int | None = None,
) -> Inline:
    return Inline(number=number, body=body, author=author, path="a.toml", line=line, first=first, parent=parent)


def event(label: str, *, on: bool, actor: Person) -> LabelEvent:
    return LabelEvent(label=label, on=on, actor=actor, at="2026-11-24T00:00:00Z")


def labels(
    *wanted: Label, on: tuple[str, ...] = (), events: tuple[LabelEvent, ...] = (), known: str = "", change: str = "aa"
) -> list[Write]:
    wishes = Wishes(labels=wanted, owned=OWNED, change=change)
    held = Held(
        login=BOT.login,
        labels=on,
        events=events,
        known=frozenset(filter(None, known.split(","))),
        comments=(comment(1),),
    )
    return list(plan(wishes, held))


def lines(*there: Inline, wish: InlineWish | None = WISH) -> list[Write]:
    return list(plan(Wishes(inline=(wish,) if wish else ()), Held(login=BOT.login, inline=there)))


def test_nothing_to_say_is_nothing_to_write() -> None:
    assert plan(Wishes(), Held(labels=["x"], comments=(comment(1),), inline=(inline(2),))) == ()


def test_the_order_is_safe_to_be_cut_off_after_any_write() -> None:
    wishes = Wishes(
        comment=BODY,
        wanted=True,
        labels=(NEW,),
        owned=OWNED,
        taken_off=("governance: recheck",),
        records=("record",),
        inline=(WISH,),
        status=STATUS,
    )
    writes = plan(wishes, Held(labels=["governance: recheck"], known=frozenset()))
    assert [type(each) for each in writes] == [
        RecordWaiver,
        CreateLabel,
        AddLabels,
        CreateComment,
        CreateReview,
        RemoveLabel,
        SetStatus,
    ]


def test_a_comment_is_posted_where_it_is_worth_it_and_edited_where_it_is_there() -> None:
    assert plan(Wishes(comment=BODY), Held()) == ()
    assert plan(Wishes(comment=BODY, wanted=True), Held()) == (CreateComment(body=BODY),)
    assert plan(Wishes(comment="Other"), Held(comments=(comment(1), comment(2)))) == (
        EditComment(number=1, body="Other"),
        DeleteComment(number=2),
    )
    same = comment(1, BODY.replace("\n", "\r\n") + "\n")
    assert plan(Wishes(comment=f"{BODY}\n"), Held(comments=(same,))) == ()


def test_records_that_are_there_twice_are_deleted() -> None:
    assert plan(Wishes(), Held(spare=(7,))) == (DeleteComment(number=7),)


def test_labels_are_added_together_and_missing_ones_created() -> None:
    assert labels(NEW, BLOCKED, known="rule: new") == [
        CreateLabel(label=BLOCKED),
        AddLabels(names=("rule: new", "governance: blocked")),
    ]
    assert labels(NEW, on=("Rule: New",)) == []


def test_only_what_the_bot_put_on_is_taken_off() -> None:
    on = ("Rule: New", "other")
    mine, theirs = (event("Rule: New", on=True, actor=each) for each in (BOT, ADA))
    assert labels(on=on, events=(mine,)) == [RemoveLabel(name="Rule: New")]
    assert labels(on=on, events=(mine, event("Rule: New", on=False, actor=ADA), theirs)) == []
    assert labels(on=on) == []


def test_what_a_person_took_off_stays_off_while_the_change_is_the_same() -> None:
    events = (event("rule: new", on=True, actor=BOT), event("rule: new", on=False, actor=ADA))
    assert labels(NEW, events=events, known="rule: new") == []
    assert labels(NEW, events=events, known="rule: new", change="bb") == [AddLabels(names=("rule: new",))]
    again = (*events[:1], event("rule: new", on=False, actor=BOT))
    assert labels(NEW, events=again, known="rule: new") == [AddLabels(names=("rule: new",))]


def test_a_status_is_set_once() -> None:
    there = Status(
        context=STATUS.context, state="success", description="Passed", author=BOT, created="2026-11-24T00:00:00Z"
    )
    assert plan(Wishes(status=STATUS), Held(status=there)) == ()
    assert plan(Wishes(status=STATUS), Held()) == (SetStatus(status=STATUS),)


def test_comments_on_lines_are_one_review_and_said_once() -> None:
    assert lines() == [CreateReview(comments=(WISH,))]
    assert lines(inline(1)) == []
    assert lines(inline(1), inline(2)) == [DeleteInline(number=2)]
    assert lines(inline(1, body=f"{WISH.body}!")) == [EditInline(number=1, body=WISH.body)]


def test_a_comment_on_another_line_is_written_anew_where_it_belongs() -> None:
    fresh = CreateReview(comments=(WISH,))
    assert lines(inline(1, line=5)) == [DeleteInline(number=1), fresh]
    assert lines(inline(1, line=None)) == [DeleteInline(number=1), fresh]
    # a suggestion replaces the lines that its comment stands on
    assert lines(inline(1, first=3)) == [DeleteInline(number=1), fresh]


def test_a_settled_comment_goes_unless_somebody_answered() -> None:
    answered = (inline(1), inline(2, author=ADA, parent=1))
    assert lines(inline(1), wish=None) == [DeleteInline(number=1)]
    assert lines(*answered, wish=None) == [EditInline(number=1, body=settled(WISH.body, "ab"))]
    done = (inline(1, body=settled(WISH.body, "ab")), answered[1])
    assert lines(*done, wish=None) == []
    assert lines(*done) == [EditInline(number=1, body=WISH.body)]


def test_what_others_write_is_theirs() -> None:
    assert lines(inline(1, author=ADA), wish=None) == []
    assert lines(inline(1, body="Mine"), wish=None) == []
    assert lines(inline(1, author=ADA)) == [CreateReview(comments=(WISH,))]


def test_a_dry_run_says_each_write_in_a_line() -> None:
    writes: tuple[Write, ...] = (
        RecordWaiver(body="x"),
        CreateLabel(label=NEW),
        AddLabels(names=("a", "b")),
        RemoveLabel(name="a"),
        CreateComment(body="x" * 1234),
        EditComment(number=1, body="x"),
        DeleteComment(number=1),
        DeleteInline(number=1),
        EditInline(number=1, body="x"),
        CreateReview(comments=(WISH,)),
        SetStatus(status=STATUS),
    )
    assert [str(each) for each in writes] == [
        "record a waiver",
        "create the label rule: new",
        "add the labels a, b",
        "take off the label a",
        "post the comment (1,234 characters)",
        "edit comment 1 (1 characters)",
        "delete comment 1, a second one",
        "delete comment 1 on a line, it is settled",
        "edit comment 1 on a line",
        "post a review with comments on a.toml:4",
        "set the status ruleward: main to success: Passed",
    ]
