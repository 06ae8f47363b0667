"""Completion: what click's own classes make of a line, and what a real shell makes of the script."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete
from click.testing import Result

from neural_gallery.cli import main
from neural_gallery.cli.completion import SHELLS

from ..support.workflows import COMMAND

Run = Callable[..., Result]
WriteSite = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(*words: str) -> list[str]:
    """What may stand for the last of these words."""
    shell = ShellComplete(main, {}, "neural-gallery", "_NEURAL_GALLERY_COMPLETE")
    return [item.value for item in shell.get_completions([*words[:-1]], words[-1])]


def test_commands_and_options(here: Path) -> None:
    """Commands, options, and the words that an option may have."""
    assert completed("ch") == ["check"]
    assert completed("plan", "--q") == ["--quality"]
    assert completed("plan", "--quality", "") == ["draft", "balanced", "best"]
    assert completed("completion", "") == list(SHELLS)


def test_pairs(here: Path, write_site: WriteSite) -> None:
    """The ids of the site in this folder, without those that are on the line."""
    write_site()
    assert completed("paint", "") == ["sky-sun", "sea-sun"]
    assert completed("paint", "se") == ["sea-sun"]
    assert completed("paint", "--quality", "draft", "sky-sun", "s") == ["sea-sun"]


def test_pairs_of_a_site_elsewhere(here: Path, write_site: WriteSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--site` counts, also where it names a folder."""
    manifest = write_site()
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    for site in (manifest, manifest.parent):
        assert completed("paint", "--site", str(site), "sk") == ["sky-sun"]


def test_pictures_are_not_looked_at(here: Path, write_site: WriteSite) -> None:
    """Pictures may be large, or gone, and crops lie anywhere; nothing is written either."""
    write_site(("file: sky.png,", "file: sky.png, crop: [1000000, 0, 1000000, 400],"))
    for name in ("sky.png", "sea.png", "sun.jpg"):
        (here / name).unlink()
    assert completed("paint", "") == ["sky-sun", "sea-sun"]
    assert [path.name for path in here.iterdir()] == ["site.yaml"]


def test_problems_are_not_told(here: Path, write_site: WriteSite, capfd: pytest.CaptureFixture[str]) -> None:
    """A site that has problems, or is none, only completes less."""
    assert completed("paint", "") == []
    write_site(("{content: sky, style: sun}", "{content: sky, style: moon}"))
    assert completed("paint", "") == ["sea-sun"]
    for text in ("pairs: [", "pairs: 7", "\udce4"):
        (here / "site.yaml").write_text(text, errors="surrogateescape")
        assert completed("paint", "") == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("shell", "kind"), [("bash", BashComplete), ("zsh", ZshComplete), ("fish", FishComplete)])
def test_script(run: Run, shell: str, kind: type[ShellComplete]) -> None:
    """The script is the one that click has for the shell, made for the program's name."""
    result = run("completion", shell)
    assert result.exit_code == 0
    assert result.stdout == kind(main, {}, "neural-gallery", "_NEURAL_GALLERY_COMPLETE").source()
    assert f"_NEURAL_GALLERY_COMPLETE={shell}_complete" in result.stdout


def test_other_shells(run: Run) -> None:
    """A shell that has no script is a mistake of the command line."""
    result = run("completion", "tcsh")
    assert result.exit_code == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in result.stderr


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_in_bash(here: Path, write_site: WriteSite) -> None:
    """A real bash, with the script read, completes an id, an option, and a command by asking the program."""
    write_site()
    programs = here / "programs"
    programs.mkdir()
    (programs / "neural-gallery").write_text(COMMAND)
    (programs / "neural-gallery").chmod(0o755)
    script = """
        PATH="$1:$PATH"
        eval "$(neural-gallery completion bash)"
        complete -p neural-gallery
        complete_words() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            _neural_gallery_completion neural-gallery
            echo "${COMPREPLY[@]}"
        }
        complete_words neural-gallery paint s
        complete_words neural-gallery paint --quality d
        complete_words neural-gallery pl
    """
    bash = ["bash", "--noprofile", "--norc", "-eu", "-c", script, "bash", str(programs)]
    told = subprocess.run(bash, capture_output=True, text=True, timeout=60, check=False)
    assert (told.stderr, told.returncode) == ("", 0)
    assert told.stdout.splitlines() == [
        "complete -o nosort -F _neural_gallery_completion neural-gallery",
        "sky-sun sea-sun",
        "draft",
        "plan",
    ]


def test_nothing_heavy_is_loaded(here: Path, write_site: WriteSite) -> None:
    """A key stroke waits for neither JAX nor Pillow."""
    write_site()
    code = "import sys; from neural_gallery.site.manifest import pair_ids; from pathlib import Path; " + (
        "assert pair_ids(Path('site.yaml')) == ('sky-sun', 'sea-sun'); assert not {'jax', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
