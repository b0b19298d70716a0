"""A GitHub of our own on loopback, held to the published description of the real one."""

from tests.fake_github import faults
from tests.fake_github.api import Seen
from tests.fake_github.clock import Clock
from tests.fake_github.fake import APP_TOKEN, BOT, PERMISSIONS, READ_ONLY, FakeGitHub
from tests.fake_github.faults import Fault

__all__ = ["APP_TOKEN", "BOT", "PERMISSIONS", "READ_ONLY", "Clock", "FakeGitHub", "Fault", "Seen", "faults"]
