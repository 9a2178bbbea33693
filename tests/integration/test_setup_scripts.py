"""scripts/run and scripts/test in a copy of the checkout, below a path with a space."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.checkout import (
    INTERPRETER,
    UV,
    Checkout,
    make_checkout,
    make_wheel,
    sentence,
    wait_for,
)

#: Believes to be Python 3.9 and runs nothing but what is asked of it by -c.
OLD_PYTHON = f"""\
#!/bin/sh
case $1 in
--version) echo Python 3.9.2 ;;
-c) exec "{INTERPRETER}" -c "import sys; sys.version_info = (3, 9, 2)
$2" ;;
*) exit 1 ;;
esac
"""

#: Has no ensurepip, as Debian's Python without python3-venv.
PYTHON_WITHOUT_VENV = f"""\
#!/bin/sh
[ "$1" = -I ] || exec "{INTERPRETER}" "$@"
shift
exec "{INTERPRETER}" -I -c "import runpy, sys
sys.modules['ensurepip'] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')" "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)


def test_first_start_builds_the_environment_and_becomes_jeeves_run(checkout: Checkout) -> None:
    told = checkout.told("run", "--once", "two words")
    assert told["argv"] == ["run", "--once", "two words"]
    assert told["prefix"] == str(checkout.root / ".venv")
    assert told["folder"] == str(checkout.programs)


def test_file_of_the_working_folder_is_not_taken_for_a_module(checkout: Checkout) -> None:
    (checkout.programs / "jeeves.py").write_text("raise SystemExit('a file of the folder ran')")
    assert checkout.told()["argv"] == ["run"]


def test_installer_must_check_hashes_and_may_not_build(checkout: Checkout) -> None:
    checkout.run()
    told = (checkout.programs / "uv.log").read_text()
    assert "--require-hashes" in told
    assert "--only-binary=:all:" in told


def test_set_up_writes_nothing_to_standard_output(checkout: Checkout) -> None:
    _, output, errors = checkout.run()
    assert output.count("\n") == 1
    assert "setting up" in errors


def test_second_start_sets_nothing_up_and_says_nothing(checkout: Checkout) -> None:
    checkout.run()
    code, _, errors = checkout.run()
    assert (code, errors, checkout.set_ups()) == (0, "", 1)


def test_scripts_work_through_a_symbolic_link(checkout: Checkout) -> None:
    link = checkout.programs / "jeeves-run"
    link.symlink_to(checkout.root / "scripts" / "run")
    assert checkout.told(link)["prefix"] == str(checkout.root / ".venv")


def test_changed_lock_file_rebuilds_the_environment(checkout: Checkout) -> None:
    checkout.run()
    (checkout.root / ".venv" / "of the former set-up").touch()
    (checkout.root / "requirements.lock").write_text("first==2\n")
    checkout.told()
    assert checkout.set_ups() == 2
    assert not (checkout.root / ".venv" / "of the former set-up").exists()


def test_run_and_test_share_one_environment_in_any_order(checkout: Checkout) -> None:
    checkout.told("run")
    checkout.told("test")
    checkout.told("run")
    checkout.told("test")
    assert checkout.set_ups() == 2


def test_tests_run_in_the_project_folder_with_their_arguments(checkout: Checkout) -> None:
    told = checkout.told("test", "-k", "one and two", JEEVES_TEST_STRICT="1")
    argv = told["argv"]
    assert isinstance(argv, list)
    assert argv[-2:] == ["-k", "one and two"]
    assert told["folder"] == str(checkout.root)
    assert told["strict"] == "1"


def test_environment_without_our_stamp_is_replaced(checkout: Checkout) -> None:
    broken = checkout.root / ".venv" / "bin"
    broken.mkdir(parents=True)
    (broken / "python").write_text("#!/bin/sh\nexit 99\n")
    (broken / "python").chmod(0o755)
    assert checkout.told()["prefix"] == str(checkout.root / ".venv")


def test_environment_whose_python_is_gone_is_replaced(checkout: Checkout) -> None:
    checkout.run()
    for link in (checkout.root / ".venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nonexistent/python3.11")
    checkout.told()
    assert checkout.set_ups() == 2


def test_environment_follows_the_checkout_to_another_place(checkout: Checkout) -> None:
    checkout.run()
    moved = Checkout(checkout.root.rename(checkout.root.with_name("moved")), checkout.programs)
    told = moved.told()
    assert told["prefix"] == str(moved.root / ".venv")
    assert str(moved.root) in str(told["path"])
    assert checkout.set_ups() == 1


def test_launcher_works_from_anywhere_and_through_a_link(checkout: Checkout) -> None:
    checkout.run()
    link = checkout.programs / "jeeves"
    link.symlink_to(checkout.root / ".venv" / "bin" / "jeeves")
    (checkout.programs / "jeeves.py").write_text("raise SystemExit('a file of the folder ran')")
    assert checkout.told(link, "status", "two words")["argv"] == ["status", "two words"]


def test_installed_programs_name_the_finished_environment(checkout: Checkout) -> None:
    checkout.run()
    program = checkout.root / ".venv" / "bin" / "program"
    assert program.read_text() == f"#!{checkout.root / '.venv' / 'bin' / 'python'}\n"


def test_killed_set_up_leaves_the_former_environment_and_the_next_completes(
    checkout: Checkout,
) -> None:
    checkout.run()
    (checkout.root / "requirements.lock").write_text("first==2\n")
    checkout.program("uv", "#!/bin/sh\nkill -9 $PPID\n")
    code, _, _ = checkout.run()
    assert code == -signal.SIGKILL
    assert (checkout.root / ".venv" / "requirements.lock").read_text() == "first==1\n"
    checkout.program("uv", UV)
    checkout.told()
    assert sorted(path.name for path in checkout.root.glob(".venv*")) == [".venv"]


def test_terminated_set_up_ends_its_installer(checkout: Checkout) -> None:
    checkout.program("uv", '#!/bin/sh\necho $$ >"$(dirname -- "$0")/pid"\nexec sleep 60\n')
    pid = checkout.programs / "pid"
    with checkout.start() as process:
        wait_for(lambda: pid.exists() and pid.read_text().endswith("\n"))
        process.terminate()
        assert process.wait(timeout=5) == 128 + signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


def test_two_starts_at_once_set_up_once_and_both_run(checkout: Checkout) -> None:
    go_on = checkout.programs / "go-on"
    checkout.program("uv", UV + f'while [ ! -e "{go_on}" ]; do sleep 0.05; done\n')
    with checkout.start() as first:
        wait_for(lambda: checkout.set_ups() == 1)
        with checkout.start() as second:
            assert second.stderr is not None
            assert "waiting for another set-up" in second.stderr.readline()
            go_on.touch()
            assert json.loads(first.communicate(timeout=30)[0])["argv"] == ["run"]
            assert json.loads(second.communicate(timeout=30)[0])["argv"] == ["run"]
    assert checkout.set_ups() == 1


@pytest.mark.parametrize(
    "printed", ["  cause: dns error", "operation timed out", "Connection refused (os error 111)"]
)
def test_unreachable_index_is_one_sentence_and_worth_another_try(
    checkout: Checkout, printed: str
) -> None:
    checkout.program("python3", PYTHON_WITHOUT_VENV)
    checkout.program("uv", f"#!/bin/sh\necho '{printed}' >&2\nexit 2\n")
    code, _, errors = checkout.run()
    assert code == 75
    assert "cannot be reached; connect this machine to the network" in sentence(errors)
    assert not (checkout.root / ".venv").exists()


def test_pip_without_network_is_one_sentence(checkout: Checkout) -> None:
    checkout.program("uv", "#!/bin/sh\necho dns error\nexit 2\n")
    (checkout.root / "requirements.lock").write_text(f"first==1 --hash=sha256:{'0' * 64}\n")
    # Port 9 (discard) is closed wherever these tests run.
    settings = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    code, _, errors = checkout.run(**settings, PIP_CONFIG_FILE=os.devnull)
    assert code == 75
    assert "cannot be reached" in sentence(errors)


def test_untrusted_index_is_one_sentence_that_names_the_variables(checkout: Checkout) -> None:
    checkout.program("python3", PYTHON_WITHOUT_VENV)
    checkout.program("uv", "#!/bin/sh\necho invalid peer certificate: UnknownIssuer\nexit 2\n")
    code, _, errors = checkout.run()
    assert code == 1
    assert "SSL_CERT_FILE and PIP_CERT" in sentence(errors)


def test_python_without_venv_is_one_sentence_that_names_the_package(checkout: Checkout) -> None:
    checkout.program("python3", PYTHON_WITHOUT_VENV)
    (checkout.programs / "uv").unlink()
    code, _, errors = checkout.run()
    assert code == 1
    assert "apt-get install python3-venv" in sentence(errors)


def test_python_without_venv_is_enough_for_uv(checkout: Checkout) -> None:
    checkout.program("python3", PYTHON_WITHOUT_VENV)
    assert checkout.told()["prefix"] == str(checkout.root / ".venv")


def test_old_python_is_one_sentence(checkout: Checkout) -> None:
    checkout.program("python3", OLD_PYTHON)
    code, _, errors = checkout.run()
    assert code == 1
    assert "Python 3.11 or newer is needed" in sentence(errors)
    assert "python3 is Python 3.9.2" in sentence(errors)


def test_no_python_is_one_sentence(checkout: Checkout) -> None:
    (checkout.programs / "python3").unlink()
    code, _, errors = checkout.run()
    assert code == 1
    assert "python3 is not there" in sentence(errors)


def test_newer_python_is_found_behind_an_old_one(checkout: Checkout) -> None:
    checkout.program("python3", OLD_PYTHON)
    (checkout.programs / "python3.11").symlink_to(INTERPRETER)
    assert checkout.told()["argv"] == ["run"]


def test_read_only_checkout_is_one_sentence(checkout: Checkout) -> None:
    checkout.root.chmod(0o555)
    code, _, errors = checkout.run()
    checkout.root.chmod(0o755)
    assert code == 1
    assert "cannot be written to (Permission denied)" in sentence(errors)


@pytest.fixture
def offline(checkout: Checkout) -> dict[str, str]:
    """What makes pip find the packages `first` and `uv` without a network."""
    wheels = checkout.root.parent / "wheels"
    first = make_wheel(wheels, "first", {"first.py": ""})
    (checkout.root / "requirements.lock").write_text(f"first==1 --hash=sha256:{first}\n")
    uv = make_wheel(wheels, "uv", {"uv-1.data/scripts/uv": UV})
    (checkout.root / "scripts" / "uv.lock").write_text(f"uv==1 --hash=sha256:{uv}\n")
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": wheels.as_uri(),
        "PIP_NO_INDEX": "1",
        "PIP_USER": "1",
    }


def test_pip_fetches_uv_where_there_is_none(checkout: Checkout, offline: dict[str, str]) -> None:
    (checkout.programs / "uv").unlink()
    checkout.told(**offline)
    fetched = checkout.root / ".venv" / "bin" / "uv.log"
    assert "--require-hashes" in fetched.read_text()


def test_pip_installs_where_uv_fails(checkout: Checkout, offline: dict[str, str]) -> None:
    checkout.program("uv", "#!/bin/sh\necho this uv is broken >&2\nexit 2\n")
    code, _, errors = checkout.run(**offline)
    assert code == 0, errors
    assert "this uv is broken" in errors
    assert "now trying pip" in errors
    python = checkout.root / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import first"], check=True)


def test_nothing_is_installed_whose_hash_is_another(
    checkout: Checkout, offline: dict[str, str]
) -> None:
    checkout.program("uv", "#!/bin/sh\necho dns error\nexit 2\n")
    (checkout.root / "requirements.lock").write_text(f"first==1 --hash=sha256:{'0' * 64}\n")
    code, _, errors = checkout.run(**offline)
    assert code == 1
    assert errors.splitlines()[-1].startswith("jeeves: the packages cannot be installed: ")
    assert not (checkout.root / ".venv").exists()
