"""What action.yml starts: sees to the dependencies, and becomes ``ruleward action`` in the same process.

It runs as a file under ``python -I -S``: no working directory, no user or site packages, no ``PYTHON*`` variable. The
standard library is all there is, until ``main`` adds two folders: the locked dependencies and this action.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LOCK = "requirements/runtime.txt"
_UV_LOCK = "requirements/uv.txt"
_INCOMPLETE = 3

# What an installer may know of its surroundings: where it is, and how packages are fetched. What it installs is fixed
# by hashes; a variable that would add to that, relax it or put it elsewhere is left out.
_KEPT = frozenset({
    "PATH", "PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "WINDIR", "TEMP", "TMP", "TMPDIR",
    "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "LANG", "LC_ALL",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS",
    "UV_NATIVE_TLS", "UV_SYSTEM_CERTS",
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_DEFAULT_TIMEOUT",
    "PIP_PROXY", "PIP_TRUSTED_HOST",
})  # fmt: skip

# What uv calls what pip is told of; of two for one name the latter counts.
_SAID = (
    ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"),
    ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
    ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
    ("SSL_CERT_FILE", "PIP_CERT"),
)
_OLDER = {"UV_INDEX_URL": "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL": "UV_INDEX"}  # uv still knows the names before

_LOCKED = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--quiet")
_PIP = ("-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore")
# no cache: what lies in one was checked by whoever put it there
_UV = ("pip", "install", "--no-config", "--no-cache", "--no-python-downloads")


class InstallError(Exception):
    """The dependencies could not be installed."""


def place_of(root: Path, environment: Mapping[str, str]) -> Path:
    """Return where the dependencies belong: one folder a lock, Python, operating system and C library."""
    cache = environment.get("RUNNER_TOOL_CACHE") or environment.get("RUNNER_TEMP") or tempfile.gettempdir()
    lock = hashlib.sha256((root / LOCK).read_bytes()).hexdigest()[:16]
    built_for = importlib.machinery.EXTENSION_SUFFIXES[0].strip(".").rpartition(".")[0]
    return Path(cache) / "ruleward" / f"{lock}-{built_for}"


def ready(place: Path) -> bool:
    """Tell whether an installation was finished."""
    return (place / "complete").is_file()


def obtain(root: Path, environment: Mapping[str, str]) -> Path:
    """Return a folder with every dependency, installed first where this machine has none.

    Raises:
        InstallError: the installer failed; what it said is in the log.
    """
    place = place_of(root, environment)
    if ready(place):
        return place / "packages"
    staging = _staging(place, environment)
    try:
        _install(root, staging, environment)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    (staging / "complete").touch()
    try:
        staging.rename(place)  # in one step: whoever looks sees nothing, or all of it
    except OSError:
        if not ready(place):  # a place that cannot be written, or half emptied by somebody: ours will do for this run
            return staging / "packages"
        shutil.rmtree(staging, ignore_errors=True)  # another job was faster
    return place / "packages"


def _staging(place: Path, environment: Mapping[str, str]) -> Path:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="new-", dir=place.parent))
    except OSError:  # a tool cache that only its owner writes to
        return Path(tempfile.mkdtemp(prefix="ruleward-", dir=environment.get("RUNNER_TEMP") or None))


def _install(root: Path, staging: Path, environment: Mapping[str, str]) -> None:
    """Install the lock: with uv, which is fast, and where that fails with pip, which reads the ``pip.conf`` as well."""
    kept = {name: value for name, value in environment.items() if value and name.upper() in _KEPT}
    target = ("--target", str(staging / "packages"), "--requirement", str(root / LOCK))
    try:
        uv = _uv(root, staging, kept)
        _run((uv, *_UV, "--python", sys.executable, *_LOCKED, *target), root, for_uv(kept))
    except InstallError as error:
        print(f"{error}; pip is tried", file=sys.stderr)  # noqa: T201 - between what the two of them say
        shutil.rmtree(staging / "packages", ignore_errors=True)
        try:
            _run((sys.executable, *_PIP, "--no-cache-dir", "--no-compile", *_LOCKED, *target), root, kept)
        except InstallError as another:
            raise InstallError(f"{error}, and {another}") from another
    shutil.rmtree(staging / "tools", ignore_errors=True)


def _uv(root: Path, staging: Path, environment: Mapping[str, str]) -> str:
    """Return the machine's own uv, or the locked one."""
    uv = shutil.which("uv", path=environment.get("PATH", ""))
    if uv is None:
        tools = staging / "tools"
        target = ("--target", str(tools), "--requirement", str(root / _UV_LOCK))
        _run((sys.executable, *_PIP, "--no-compile", *_LOCKED, *target), root, environment)
        uv = shutil.which("uv", path=os.pathsep.join(str(tools / each) for each in ("bin", "Scripts")))
    if uv is None:
        raise InstallError("pip installed uv, but not where it puts programs")
    return uv


def for_uv(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables, and what pip alone is told of in uv's words as well: uv reads nothing of pip's."""
    told = {_OLDER.get(name, name) for name in environment}
    more = {name: environment[pips] for name, pips in _SAID if name not in told and pips in environment}
    return {**environment, **more}


def _run(command: tuple[str, ...], root: Path, environment: Mapping[str, str]) -> None:
    """Run an installer in this action's folder, where no stranger's settings lie."""
    try:
        status = subprocess.run(command, cwd=root, env=dict(environment), check=False, stdout=sys.stderr).returncode
    except OSError as error:
        raise InstallError(f"{command[0]}: {error.strerror}") from error
    if status:
        name = "pip" if command[0] == sys.executable else Path(command[0]).name
        raise InstallError(f"{name} ended with status {status}")


def without_workspace(path: str, workspace: str) -> str:
    """Return a search path without relative folders and those of the workspace: no program is taken from there."""
    inside = os.path.realpath(workspace) if workspace else None

    def kept(entry: str) -> bool:
        if not Path(entry).is_absolute():
            return False
        real = os.path.realpath(entry)
        return inside is None or (real != inside and not real.startswith(inside.rstrip(os.sep) + os.sep))

    return os.pathsep.join(entry for entry in path.split(os.pathsep) if kept(entry))


def main() -> None:
    """Become ``ruleward action``."""
    root = Path(__file__).resolve().parent.parent
    if os.environ.get("INPUT_DASHBOARD"):  # the caller named it from where the job is
        os.environ["INPUT_DASHBOARD"] = str(Path(os.environ["INPUT_DASHBOARD"]).absolute())
    # Windows starts a program of the working directory before one of the PATH, and version managers read files there
    os.chdir(root)
    os.environ["NODEFAULTCURRENTDIRECTORYINEXEPATH"] = "1"
    os.environ["PATH"] = without_workspace(os.environ.get("PATH", ""), os.environ.get("GITHUB_WORKSPACE", ""))
    try:
        packages = obtain(root, os.environ)
    except InstallError as error:
        told = str(error).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::error::Ruleward's dependencies could not be installed, so nothing was reviewed: {told}")  # noqa: T201
        sys.path.append(str(root))
        from bot.unstarted import tell

        tell(os.environ)
        sys.exit(_INCOMPLETE)
    sys.path += [str(packages), str(root)]
    sys.argv = ["ruleward", "action"]
    from bot.cli import main as ruleward

    ruleward()


if __name__ == "__main__":
    main()
