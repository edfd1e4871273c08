"""The file of secrets as a run meets it: lines that cannot be used, a mode that is too wide, names in small letters."""

from __future__ import annotations

from pathlib import Path

from tests.support.commands import command_here
from tests.support.projects import make_project


def test_a_run_says_what_is_wrong_with_env_and_uses_the_rest(tmp_path: Path) -> None:
    # GIVEN a .env that others may read, with a line that nobody can read
    project = make_project(tmp_path, {"o": {"P": {"a": 'test "${db_pw}" = right || exit 3'}}})
    (project / ".env").write_text("db_pw=right\nthis line has my-secret in it\nB='never closed\n")
    (project / ".env").chmod(0o644)
    # WHEN
    done = command_here(project, "run", "o", "--quiet")
    # THEN the secret arrives, and each thing that is wrong is told once, with its place and nothing of the secret
    assert done.returncode == 0 and done.stdout == ""
    assert [line.partition(": this")[0] for line in done.stderr.splitlines()[:2]] == ["error: .env:2", "error: .env:3"]
    assert "mode 0644" in done.stderr and "chmod 600 .env" in done.stderr and done.stderr.count("\n") == 3
    assert "my-secret" not in done.stderr and "python-dotenv" not in done.stderr
    # AND with nothing wrong, nothing is told
    (project / ".env").write_text("db_pw=right\n")
    (project / ".env").chmod(0o600)
    assert command_here(project, "run", "o", "--quiet").stderr == ""


def test_a_reference_in_small_letters_is_a_secret_like_any_other(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"o": {"P": {"a": 'echo "it is $A"; test "$A" = hidden-value'}}})
    file = project / "configurations" / "command" / "a.toml"
    file.write_text(f'{file.read_text()}environment = {{ A = "${{db_pw}}" }}\n')
    # GIVEN no value, THEN nothing is started
    refused = command_here(project, "run", "o")
    assert refused.returncode == 2 and "secret db_pw is not set" in refused.stderr
    # GIVEN a value, THEN the task has it, and no log
    (project / ".env").write_text("db_pw=hidden-value\n")
    (project / ".env").chmod(0o600)
    assert command_here(project, "run", "o").returncode == 0
    assert "it is *****" in command_here(project, "logs", "o", "a").stdout


def test_names_of_a_script_itself_stay_its_own(tmp_path: Path) -> None:
    script = 'for word in a b; do printf "%s" "${word}"; done; echo ${nobody:-none}'
    project = make_project(tmp_path, {"o": {"P": {"a": script}}})
    assert command_here(project, "run", "o").returncode == 0
    assert "abnone" in command_here(project, "logs", "o", "a").stdout
