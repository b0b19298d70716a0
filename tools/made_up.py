"""Repositories of made-up rules, for measuring: no file of them exists anywhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

TODAY = "2026-11-24"

_NARROWED = 5  # every so many rules of a bulk change lose some matches


def rule_text(number: int, *, edited: bool = False) -> str:
    """Return one made-up rule of a usual size, before or after the bulk change."""
    word = f"tool{number}"
    names = ", ".join(f'"{word}-{letter}.exe"' for letter in "abcdefgh")
    query = (
        f'process where host.os.type == "windows" and event.type == "start" and\n'
        f"  process.name : ({names}) and\n"
        f'  process.args : ("*-{word}*", "/{word}", "--run={number}") and\n'
        f'  not (process.parent.executable : "?:\\\\Program Files\\\\{word}\\\\*" and\n'
        '       user.id in ("S-1-5-18", "S-1-5-19"))'
    )
    if edited and number % _NARROWED == 0:
        query += f' and\n  not process.parent.name : "{word}-update.exe"'
    steps = _steps(word, 14)
    threats = "\n".join(
        "[[rule.threat]]\n"
        'framework = "MITRE ATT&CK"\n\n'
        "[[rule.threat.technique]]\n"
        f'id = "T{1000 + (number + each) % 600}"\n'
        f'name = "Technique {(number + each) % 600}"\n'
        f'reference = "https://attack.mitre.org/techniques/T{1000 + (number + each) % 600}/"\n\n'
        "[rule.threat.tactic]\n"
        f'id = "TA{each:04}"\n'
        f'name = "Tactic {each}"\n'
        f'reference = "https://attack.mitre.org/tactics/TA{each:04}/"\n'
        for each in range(1, 3)
    )
    return (
        '[metadata]\ncreation_date = "2023/02/03"\nintegration = ["endpoint", "windows"]\nmaturity = "production"\n'
        f'updated_date = "{TODAY.replace("-", "/") if edited else "2025/04/05"}"\n\n'
        f'[rule]\nauthor = ["Bench"]\ndescription = """\nFinds {word}, number {number}, where nobody needs it.\n"""\n'
        'from = "now-9m"\nindex = ["logs-endpoint.events.process-*", "winlogbeat-*"]\nlanguage = "eql"\n'
        f'license = "Apache-2.0"\nname = "Unusual Run of {word}"\nnote = """## Triage\n\n{steps}\n"""\n'
        f'references = ["https://example.org/{word}"]\nrisk_score = 47\n'
        f'rule_id = "{number:08x}-0000-4000-8000-{number:012x}"\nseverity = "medium"\n'
        f'tags = ["Domain: Endpoint", "OS: Windows", "{"Purpose" if edited else "Use Case"}: Threat Detection"]\n'
        'timestamp_override = "event.ingested"\ntype = "eql"\n\nquery = \'\'\'\n'
        f"{query}\n'''\n\n{threats}"
    )


def sigma_text(number: int) -> str:
    """Return one made-up Sigma rule of about the size of ``rule_text``'s, with as many values to look for."""
    word = f"tool{number}"
    names = "".join(f"            - '\\{word}-{letter}.exe'\n" for letter in "abcdefgh")
    return (
        f"title: Unusual Run of {word}\nid: {number:08x}-0000-4000-8000-{number:012x}\nstatus: test\n"
        f"description: |\n    Finds {word}, number {number}, where nobody needs it.\n{_steps(word, 17, '    ')}\n"
        f"references:\n    - https://example.org/{word}\nauthor: Bench\ndate: 2023-02-03\nmodified: 2025-04-05\n"
        "tags:\n    - attack.execution\n    - attack.t1059\n"
        "logsource:\n    category: process_creation\n    product: windows\n"
        f"detection:\n    selection:\n        Image|endswith:\n{names}        CommandLine|contains:\n"
        f"            - '-{word}'\n            - '/{word}'\n            - '--run={number}'\n"
        f"    filter_main_own:\n        ParentImage|startswith: 'C:\\Program Files\\{word}\\'\n"
        "        User|contains:\n            - 'SYSTEM'\n            - 'LOCAL SERVICE'\n"
        "    condition: selection and not 1 of filter_main_*\n"
        f"falsepositives:\n    - Updates of {word}\nlevel: medium\n"
    )


def _steps(word: str, count: int, margin: str = "") -> str:
    return "\n".join(
        f"{margin}- Step {step}: look at what {word} started on this host before, who owns it, and whether the\n"
        f"{margin}  account that ran it has done so in the last {step + 7} days; "
        "compare with other hosts of the same kind."
        for step in range(count)
    )


def build(directory: Path, *, trees: Sequence[int], base: int, edited: Sequence[int], new: Sequence[int] = ()) -> None:
    """Make a bare repository of made-up rules.

    Args:
        directory: where.
        trees: sizes, rising; each is a branch ``tree-SIZE`` that has the one before it in its history.
        base: the tree from which the other branches part.
        edited: how many rules branches ``edit-SIZE`` change.
        new: how many rules branches ``new-SIZE`` bring.

    Raises:
        OSError: git could not import it.
    """
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch", f"tree-{base}", str(directory)], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=directory, stdin=subprocess.PIPE) as process:
        if process.stdin is None:
            raise OSError("no way to talk to git")
        for part in _stream(trees, base, edited, new):
            process.stdin.write(part.encode())
        process.stdin.close()
    if process.returncode:
        raise OSError("git fast-import failed")


def _stream(trees: Sequence[int], base: int, edited: Sequence[int], new: Sequence[int]) -> Iterator[str]:
    """Yield what ``git fast-import`` needs."""
    before = 0
    for size in trees:
        yield _commit(f"tree-{size}", f"tree-{before}" if before else "")
        yield from (_file(number, rule_text(number)) for number in range(before, size))
        before = size
    for size in edited:
        yield _commit(f"edit-{size}", f"tree-{base}")
        yield from (_file(number, rule_text(number, edited=True)) for number in range(size))
    for size in new:
        yield _commit(f"new-{size}", f"tree-{base}")
        yield from (_file(number, rule_text(number, edited=True)) for number in range(base, base + size))


def _commit(branch: str, parent: str) -> str:
    start = f"from refs/heads/{parent}\n" if parent else ""
    who = "Bench <bench@example.org> 1795510800 +0000"
    return f"commit refs/heads/{branch}\ncommitter {who}\ndata {len(branch)}\n{branch}\n{start}"


def _file(number: int, text: str) -> str:
    path = f"rules/{('windows', 'linux', 'cloud')[number % 3]}/rule_{number:06}.toml"
    return f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"
