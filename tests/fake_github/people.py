"""What people do on GitHub's pages, for tests that need somebody to."""

from __future__ import annotations

from threading import RLock
from typing import Any

from tests.fake_github.endpoints import reviews
from tests.fake_github.repository import GITHUB
from tests.fake_github.state import ROLES, Comment, Hub, Inline, Issue, Label, Pull, Review, record


class People:
    """Plays the people; where a pull request or an issue may be named, the one last opened is meant if none is."""

    def __init__(self, hub: Hub) -> None:
        """Act on what GitHub holds."""
        self.hub = hub
        self.lock = RLock()
        self._last = 0

    def _issue(self, number: int | None) -> Issue:
        return self.hub.issues[number or self._last]

    def _pull(self, number: int | None) -> tuple[Issue, Pull]:
        issue = self._issue(number)
        return issue, issue.as_pull

    def _tip(self, branch: str) -> str:
        found = self.hub.git.branch(branch)
        if found is None:
            raise ValueError(f"no branch {branch}")
        return found

    def set_permission(self, login: str, role: str, *, email: str | None = None) -> None:
        """Give somebody a role, and say which commits are theirs."""
        if role not in ROLES:
            raise ValueError(f"{role} is none of {', '.join(ROLES)}")
        with self.lock:
            person = self.hub.person(login)
            person.role = role
            person.email = email or person.email

    def require(self, *contexts: str) -> None:
        """Let nothing be merged whose head lacks a success of one of these contexts."""
        with self.lock:
            self.hub.required.update(contexts)

    def open_pull(
        self,
        number: int,
        *,
        head: str,
        base: str = "main",
        author: str = "ada",
        title: str = "A change",
        body: str | None = None,
        head_ref: str = "topic",
        draft: bool = False,
        fork: bool = False,
    ) -> None:
        """Open a pull request; that of a fork comes from the author's own repository."""
        with self.lock:
            hub = self.hub
            person = hub.person(author)
            pull = Pull(
                base_ref=base,
                base_sha=self._tip(base),
                head_ref=head_ref,
                head_sha=head,
                owner=author if fork else hub.owner,
                fork=fork,
                draft=draft,
            )
            hub.issues[number] = record(
                Issue, hub.written(), number=number, title=title, body=body, author=person, pull=pull
            )
            self._last = number
            hub.git.git("update-ref", f"refs/pull/{number}/head", head)

    def open_issue_as(self, login: str, title: str, body: str | None = None) -> int:
        """Open an issue, and return its number."""
        with self.lock:
            hub = self.hub
            number = hub.next_number()
            hub.issues[number] = record(
                Issue, hub.written(), number=number, title=title, body=body, author=hub.person(login)
            )
            self._last = number
            return number

    def push(self, head: str, *, number: int | None = None) -> None:
        """Move the head; comments on lines follow their line, or lose it."""
        with self.lock:
            issue, pull = self._pull(number)
            before, pull.head_sha, pull.base_sha = pull.head_sha, head, self._tip(pull.base_ref)
            self.hub.edited(issue)
            if self.hub.git.merge_base(before, head) != before:
                self.hub.happened(issue, issue.author, "head_ref_force_pushed", commit=head)
            self.hub.git.git("update-ref", f"refs/pull/{issue.number}/head", head)
            for each in self.hub.of_issue(self.hub.inline.values(), issue):
                reviews.follow(self.hub, each, before)

    def update_branch(self, login: str, *, tree: str | None = None, number: int | None = None) -> str:
        """Press "Update branch", or leave the editor of conflicts with a tree, and return the merge commit."""
        with self.lock:
            pull = self._pull(number)[1]
            self.hub.person("web-flow").email = GITHUB
            person = self.hub.person(login)
            person.email = person.email or f"{login}@users.noreply.github.com"
            made = self.hub.git.update(pull.head_sha, pull.base_ref, (login, person.email), tree)
            self.hub.signed.add(made)
            self.hub.git.git("update-ref", f"refs/heads/{pull.head_ref}", made)
            self.push(made, number=number)
            return made

    def retarget(self, base: str, *, number: int | None = None) -> None:
        """Point a pull request at another branch."""
        with self.lock:
            issue, pull = self._pull(number)
            pull.base_ref, pull.base_sha = base, self._tip(base)
            self.hub.happened(issue, issue.author, "base_ref_changed")
            issue.updated = self.hub.clock.now

    def force_push_base(self, head: str, login: str = "boss", *, number: int | None = None) -> None:
        """Take the base branch elsewhere by force."""
        with self.lock:
            issue, pull = self._pull(number)
            self.hub.git.git("update-ref", f"refs/heads/{pull.base_ref}", head)
            self.hub.happened(issue, self.hub.person(login), "base_ref_force_pushed")

    def set_draft(self, draft: bool, *, number: int | None = None) -> None:  # noqa: FBT001  # the switch itself
        """Make a pull request a draft, or ready."""
        with self.lock:
            issue, pull = self._pull(number)
            pull.draft = draft
            self.hub.happened(issue, issue.author, "convert_to_draft" if draft else "ready_for_review")

    def set_title(self, title: str, *, number: int | None = None) -> None:
        """Give an issue or a pull request another title."""
        with self.lock:
            issue = self._issue(number)
            self.hub.happened(issue, issue.author, "renamed", renamed=(issue.title, title))
            issue.title = title

    def close(self, login: str = "ada", *, number: int | None = None) -> None:
        """Close an issue or a pull request."""
        with self.lock:
            self.hub.set_state(self._issue(number), "closed", self.hub.person(login))

    def reopen(self, login: str = "ada", *, number: int | None = None) -> None:
        """Open it again."""
        with self.lock:
            self.hub.set_state(self._issue(number), "open", self.hub.person(login))

    def merge(self, login: str = "ada", *, number: int | None = None) -> str:
        """Merge a pull request, and return the merge commit; the base branch moves to it."""
        with self.lock:
            issue, pull = self._pull(number)
            person = self.hub.person(login)
            pull.merge_sha = self.hub.git.merge(pull.base_ref, pull.head_sha, f"Merge pull request #{issue.number}")
            self.hub.happened(issue, person, "merged", commit=pull.merge_sha)
            pull.merged, pull.merged_by = self.hub.clock.now, person
            self.hub.set_state(issue, "closed", person)
            return pull.merge_sha

    def delete_fork(self, *, number: int | None = None) -> None:
        """Take the repository away that the head came from."""
        with self.lock:
            self._pull(number)[1].fork_deleted = True

    def comment_as(self, login: str, body: str, *, number: int | None = None) -> int:
        """Say something in the conversation, and return the comment's id."""
        with self.lock:
            made = record(
                Comment, self.hub.written(), issue=self._issue(number), author=self.hub.person(login), body=body
            )
            self.hub.comments[made.id] = made
            return made.id

    def edit_comment_as(self, login: str, comment: int, body: str) -> None:
        """Write a comment again; whoever may do that, the author stays who it was."""
        with self.lock:
            self.hub.person(login)
            found = self.hub.comments.get(comment) or self.hub.inline[comment]
            found.body = body
            self.hub.edited(found)

    def delete_comment(self, comment: int) -> None:
        """Take a comment away."""
        with self.lock:
            self.hub.clock.tick()
            del (self.hub.comments if comment in self.hub.comments else self.hub.inline)[comment]

    def inline_as(self, login: str, body: str, path: str, line: int, *, number: int | None = None) -> int:
        """Write a comment on a line of the head, and return its id."""
        with self.lock:
            issue, pull = self._pull(number)
            at = reviews.place(self.hub, issue, {"path": path, "line": line}, pull.head_sha)
            person = self.hub.person(login)
            review = reviews.new_review(self.hub, issue, person, body="", state="COMMENTED", commit=pull.head_sha)
            return reviews.inline(self.hub, review, person, body, at).id

    def reply_to_inline_as(self, login: str, comment: int, body: str) -> int:
        """Answer to a comment on a line, and return the answer's id."""
        with self.lock:
            return reviews.reply(self.hub, self.hub.inline[comment], self.hub.person(login), body).id

    def label_as(self, login: str, name: str, *, number: int | None = None) -> None:
        """Add a label."""
        with self.lock:
            label = self.hub.labels.setdefault(name.lower(), Label(id=self.hub.new_id(), name=name))
            self.hub.put_label(self._issue(number), label, self.hub.person(login))

    def unlabel_as(self, login: str, name: str, *, number: int | None = None) -> None:
        """Take a label off."""
        with self.lock:
            self.hub.take_label(self._issue(number), self.hub.labels[name.lower()], self.hub.person(login))

    def state(self) -> dict[str, Any]:
        """Return what GitHub holds, without ids and times, so that two runs can be compared."""
        with self.lock:
            hub = self.hub
            return {
                "issues": {number: _issue(hub, each) for number, each in sorted(hub.issues.items())},
                "labels": {each.name: (each.color, each.description) for each in hub.labels.values()},
                "statuses": {
                    f"{each.sha} {each.context}": (each.state, each.description, each.creator.login)
                    for each in hub.statuses
                },
            }


def _issue(hub: Hub, issue: Issue) -> dict[str, Any]:
    inline = list(hub.of_issue(hub.inline.values(), issue))
    return {
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "reason": issue.reason,
        "author": issue.author.login,
        "labels": sorted(label.name for label in issue.labels),
        "comments": [_said(each) for each in hub.of_issue(hub.comments.values(), issue)],
        "inline": [
            {
                **_said(each),
                "path": each.path,
                "side": each.side,
                "start_line": each.start_line,
                "line": each.line,
                "replies": [_said(other) for other in inline if other.reply_to == each.id],
            }
            for each in inline
            if each.reply_to not in hub.inline
        ],
        # A review that says nothing itself is there for its comments alone.
        "reviews": [
            {**_said(each), "state": each.state}
            for each in hub.of_issue(hub.reviews.values(), issue)
            if each.body or each.state != "COMMENTED"
        ],
    }


def _said(each: Comment | Inline | Review) -> dict[str, str]:
    return {"author": each.author.login, "body": each.body}
