"""One run on GitHub: read what is there, review or audit, decide everything, write, and look again.

Whatever cuts a run off, the next one finishes: what to write is worked out from what GitHub holds, every time.
"""

from __future__ import annotations

from bot.action.group import GroupRun
from bot.action.pull import PullRun
from bot.github.client import Client
from bot.github.event import AuditTree, ReviewGroup, ReviewPull, activity
from bot.github.facts import Thread
from bot.github.runner import Inputs, Result, Runner

_LOOKS = 3


def act(runner: Runner, inputs: Inputs) -> Result:
    """Do what an event asks for.

    Raises:
        RulewardError: the event asks for nothing that this action does, or GitHub could not be reached.
    """
    what = activity(runner.event, runner.payload, inputs.command)
    client = Client(runner.api_url, runner.token, runner.repository, runner.clock)
    try:
        match what:
            case ReviewPull(number=number):
                return _review_pull(runner, inputs, Thread(client, number, login=inputs.bot_login), client)
            case ReviewGroup():
                return GroupRun(runner, inputs, client, what).run()
            case AuditTree():
                from bot.action.audit import audit_tree  # what a review need not load

                return audit_tree(runner, inputs, client)
    finally:
        runner.say(f"GitHub was asked {client.calls} times; {client.waited:.0f} s were spent waiting for it")


def _review_pull(runner: Runner, inputs: Inputs, thread: Thread, client: Client) -> Result:
    """Review a pull request, and again where it changed, or another run wrote, while this one did.

    What this run wrote may be older than what the other wrote before it: so whoever writes looks again, and puts right
    what is not as it should be.
    """
    run = PullRun(runner, inputs, client, thread)
    result = run.look()
    superseded = run.superseded
    for look in range(2, _LOOKS + 1):
        if not run.again:
            break
        again = run.thread.fresh(run.login)
        run = PullRun(runner, inputs, client, again, recording=run.recording, final=look == _LOOKS)
        later = run.look()
        if not superseded or run.unfinished:  # another head has its own run, which reports on it
            result = later
        superseded = superseded or run.superseded
    return result


__all__ = ["act"]
