"""A GitHub of our own on loopback, held to the published description of the real one.

    with FakeGitHub(repository.path) as fake:
        fake.set_permission("ada", "write", email="ada@example.org")
        fake.open_pull(7, head=sha, author="eve", fork=True)
        fake.label_as("ada", "waive: rule-removed")
        fake.fail(faults.lost(), at=3)  # the third request from now takes effect, and its answer is lost
        fake.fail(faults.moved(lambda: fake.push(newer)), when=lambda method, path: path.endswith("/reviews"))
        ...  # GITHUB_API_URL=fake.api_url GITHUB_SERVER_URL=fake.server_url GITHUB_TOKEN=APP_TOKEN
        assert fake.state()["issues"][7]["labels"] == ["rule: new"]
        assert len(fake.calls) <= 12

At the end it fails the test if a request or an answer broke the description (``fake.violations``).
"""

from tests.fake_github import faults
from tests.fake_github.api import Seen
from tests.fake_github.clock import Clock
from tests.fake_github.fake import APP_TOKEN, BOT, PERMISSIONS, READ_ONLY, FakeGitHub
from tests.fake_github.faults import Fault

__all__ = ["APP_TOKEN", "BOT", "PERMISSIONS", "READ_ONLY", "Clock", "FakeGitHub", "Fault", "Seen", "faults"]
