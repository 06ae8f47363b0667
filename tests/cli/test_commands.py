"""The commands, their words, and their exit codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from neural_gallery import __version__
from neural_gallery.cli import main

Run = Callable[..., Result]
WriteSite = Callable[..., Path]
ONE_PAIR_LESS = ("  - {content: sea, style: sun, strength: 0.7}\n", "")


def events(output: str) -> list[dict]:
    """The records of JSON lines."""
    return [json.loads(line) for line in output.splitlines()]


def test_version(run: Run):
    """The version is told with the program's name."""
    assert run("--version").stdout == f"neural-gallery {__version__}\n"


def test_every_command_speaks_to_programs():
    """`--json` is an option of each, unless what it prints is for programs anyway."""
    groups = [command for command in main.commands.values() if isinstance(command, click.Group)]
    commands = {**main.commands, **dict(item for group in groups for item in group.commands.items())}
    silent = {name for name, command in commands.items() if "as_json" not in {one.name for one in command.params}}
    assert silent == {"store", "weights", "schema", "completion"}


def test_build(run: Run, write_site: WriteSite):
    """A build ends with what was done and what to open; how it went stands on standard error."""
    write_site()
    result = run("build")
    assert result.exit_code == 0
    assert re.fullmatch(
        r"painted 2 pairs, reused 0; wrote \d+ files in public\nopen public/index.html\n", result.stdout
    )
    lines = result.stderr.splitlines()
    assert lines[0].startswith("painting 2 pairs, about ")
    assert lines[1] == "[1/2] sky-sun: starting"
    assert re.fullmatch(r"\[1/2\] sky-sun: painted in \d+ s; .+ left", lines[2])
    assert re.fullmatch(r"\[2/2\] sea-sun: painted in \d+ s", lines[4])
    # The first file that was not encoded meanwhile.
    assert re.fullmatch(r"encoding static/img/(sky|sea)(-sun)?(-\d+w|-5fps)?\.(png|webp|gif)", lines[5])


def test_build_with_nothing_to_do(run: Run, write_site: WriteSite):
    """A second build says that nothing changed, and nothing else."""
    write_site()
    run("build")
    result = run("build")
    assert result.stdout == "painted 0 pairs, reused 2; nothing changed in public\nopen public/index.html\n"
    assert result.stderr == ""


@pytest.mark.parametrize("started", [True, False])
def test_open(run: Run, write_site: WriteSite, monkeypatch: pytest.MonkeyPatch, started: bool):
    """The front page is opened once it is there; where no browser starts, that is said, and is no failure."""
    folder = write_site().parent
    opened: list[str] = []

    def open_address(address: str) -> bool:
        assert (folder / "public/index.html").exists()
        opened.append(address)
        return started

    monkeypatch.setattr("webbrowser.open", open_address)
    result = run("build", "--open", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "" if started else "no browser could be started\n")
    assert opened == [(folder / "public/index.html").as_uri()]


def test_open_shows_html_only(run: Run, write_site: WriteSite, painter):
    """A browser cannot read what Jekyll has still to build; nothing is painted before that is said."""
    write_site()
    result = run("build", "--open", "--target", "jekyll")
    assert result.exit_code == 2
    assert result.stderr == (
        "--open shows pages that a browser reads as they are, and the target is jekyll. "
        "Add --target html, or build with Jekyll and open what it makes.\n1 problem\n"
    )
    assert painter.painted == []


def test_quiet(run: Run, write_site: WriteSite):
    """`--quiet` says nothing where all is well."""
    write_site()
    assert run("build", "-q").output == ""


def test_build_as_json(run: Run, write_site: WriteSite):
    """Programs get one JSON object for each event, and nothing else on standard output."""
    write_site(ONE_PAIR_LESS)
    result = run("build", "--json")
    records = events(result.stdout)
    assert [record["event"] for record in records if record["event"] != "encoding-started"] == [
        "plan-ready",
        "pair-started",
        *["pair-progress"] * 4,
        "pair-done",
        "rendered",
    ]
    assert records[0]["pairs"][0]["reasons"] == ["never painted"]
    assert records[2]["stage"] == "painting 48 x 32"
    assert records[-1]["start"] == "index.html"


def test_failed_build(run: Run, write_site: WriteSite, painter):
    """A failed run tells its problems one a line, counts them, and exits with 1."""
    write_site()
    painter.fails = {"sky-sun"}
    result = run("build", "-q")
    assert result.exit_code == 1
    assert result.stderr == (
        "'sky-sun' diverged. Try another seed.\n"
        "the pages were not written, because they show 'sky-sun'. What was painted is kept.\n"
        "2 problems\n"
    )


def test_failed_build_as_json(run: Run, write_site: WriteSite, painter):
    """Programs get the problems of a failed run as the last record."""
    write_site()
    painter.fails = {"sky-sun"}
    result = run("build", "--json")
    last = events(result.stdout)[-1]
    assert (result.exit_code, last["event"]) == (1, "error")
    assert last["problems"][0] == {
        "file": "",
        "line": 0,
        "column": 0,
        "message": "'sky-sun' diverged.",
        "remedy": "Try another seed.",
    }


def test_interrupted(run: Run, write_site: WriteSite, painter):
    """Ctrl-C says what is kept and exits with 130."""
    write_site()
    painter.stops_at = "sea-sun"
    result = run("build", "-q")
    assert result.exit_code == 130
    assert result.stderr == "stopped: 1 of 2 pairs is painted and kept; run the same command again to go on\n"


def test_check(run: Run, write_site: WriteSite):
    """A site without problems is counted."""
    write_site()
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "site.yaml: 2 pairs, 3 pictures, 0 posts: no problems\n")


def test_check_as_json(run: Run, write_site: WriteSite):
    """The same for programs."""
    write_site()
    record = json.loads(run("check", "--json").stdout)
    assert record == {"ok": True, "problems": [], "pairs": 2, "pictures": 3, "posts": 0}


def test_check_with_problems(run: Run, write_site: WriteSite):
    """Every problem has its line, with its place and a remedy, then their number; the exit code is 2."""
    write_site(("style: sun}", "style: sum}"), ("size: 48", "size: big"))
    result = run("check")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["site.yaml:6:9:", "site.yaml:14:27:", "2"]
    assert "Did you mean 'sun'?" in lines[1]
    assert lines[2] == "2 problems"


def test_check_with_problems_as_json(run: Run, write_site: WriteSite):
    """Programs get every problem in one document."""
    write_site(("style: sun}", "style: sum}"))
    result = run("check", "--json")
    record = json.loads(result.stdout)
    assert (result.exit_code, record["ok"], len(record["problems"])) == (2, False, 1)
    assert (record["problems"][0]["file"], record["problems"][0]["line"]) == ("site.yaml", 14)


@pytest.mark.parametrize("command", ["plan", "gc"])
def test_problems_as_a_document(run: Run, command: str):
    """Other commands that print one document print one where they fail, too."""
    result = run(command, "--json")
    record = json.loads(result.stdout)
    assert (result.exit_code, record["ok"], record["problems"][0]["file"]) == (2, False, "site.yaml")


@pytest.mark.parametrize("command", ["build", "paint", "render"])
def test_problems_as_a_line(run: Run, command: str):
    """Commands that print lines end with the problems, also where they do not even begin."""
    result = run(command, "--json")
    assert [record["event"] for record in events(result.stdout)] == ["error"]
    assert result.exit_code == 2


def test_impossible_path(run: Run):
    """What the operating system refuses is told in its words, not as a traceback."""
    result = run("check", "--site", "a" * 300)
    assert (result.exit_code, result.stderr) == (1, f"{'a' * 300}: File name too long\n")


def test_no_site(run: Run):
    """Without a manifest the way to one is told."""
    result = run("build")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].startswith("site.yaml: ")
    assert "neural-gallery init" in result.stderr


def test_site_elsewhere(run: Run, write_site: WriteSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`--site` takes a folder or a manifest, wherever one stands."""
    manifest = write_site()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for site in (manifest, manifest.parent, Path("..")):
        assert run("check", "--site", str(site)).exit_code == 0
    result = run("build", "--site", "..")
    assert result.stdout.splitlines()[-1] == f"open {tmp_path / 'public/index.html'}"


def test_usage_errors(run: Run):
    """What the command line itself has wrong ends with 2."""
    assert run("build", "--quality", "worst").exit_code == 2
    assert run("bild").exit_code == 2


def test_plan(run: Run, write_site: WriteSite):
    """Off a terminal a plan is one line for each pair, and a sum."""
    write_site()
    run("paint", "sky-sun", "-q")
    result = run("plan")
    first, second, site, last = result.stdout.splitlines()
    assert first == "sky-sun: 48x32: fresh"
    assert second == "sea-sun: 48x32: to paint (never painted)"
    assert re.fullmatch(r"the site: [\d.]+ kB \(about [\d.]+ kB to encode, about [\d.]+ kB of pages\)", site)
    assert re.fullmatch(r"1 of 2 pairs to paint: about \d+ s and \d+ kB", last)


def test_plan_all_painted(run: Run, write_site: WriteSite):
    """A plan with nothing to do says so."""
    write_site()
    run("paint", "-q")
    assert run("plan").stdout.splitlines()[-1] == "2 pairs: all painted"


def test_plan_as_json(run: Run, write_site: WriteSite):
    """Programs get the plan as one document."""
    write_site()
    record = json.loads(run("plan", "--json").stdout)
    assert [pair["id"] for pair in record["pairs"]] == ["sky-sun", "sea-sun"]
    assert record["to_paint"] == 2
    site = record["site"]
    assert site["total"] == site["encoded"] + site["expected"] + site["pages"]
    assert site["budget"] is None


def test_plan_says_how_large_the_site_is(run: Run, write_site: WriteSite, tmp_path: Path):
    """To the byte where everything is encoded and written; beside it the budget, and what follows where it is less."""
    write_site()
    run("build", "-q")
    files = [path for path in (tmp_path / "public").rglob("*") if path.is_file()]
    site = json.loads(run("plan", "--json").stdout)["site"]
    assert site["total"] == sum(path.stat().st_size for path in files)
    assert site["encoded"] == sum(path.stat().st_size for path in files if "img" in path.parts)
    assert site["expected"] == 0
    write_site(("version: 1\n", "version: 1\nbudgets: {site: 2kB}\n"))
    told = run("plan").stdout.splitlines()[-2]
    assert re.fullmatch(
        r"the site: .* \(.* encoded, about .* of pages\); its budget is 2\.0 kB, so a build steps down", told
    )


def test_quality_override(run: Run, write_site: WriteSite, painter):
    """`--quality` holds for every pair, for once: the manifest's paintings stay."""
    write_site()
    run("paint", "-q")
    assert json.loads(run("plan", "--quality", "draft", "--json").stdout)["to_paint"] == 2
    run("paint", "--quality", "draft", "-q")
    assert json.loads(run("plan", "--json").stdout)["to_paint"] == 0


def test_target_override(run: Run, write_site: WriteSite, tmp_path: Path):
    """`--target jekyll` writes a Jekyll site from a manifest that says html."""
    write_site()
    run("build", "--target", "jekyll", "-q")
    assert (tmp_path / "public/_config.yml").exists()


def test_paint_unknown_pair(run: Run, write_site: WriteSite):
    """A pair that is not there is a mistake of the command line, with the nearest one that is."""
    write_site()
    result = run("paint", "sky-son")
    assert (result.exit_code, result.stderr) == (
        2,
        "there is no pair 'sky-son'. Did you mean 'sky-sun'?\n1 problem\n",
    )


def test_render_unpainted(run: Run, write_site: WriteSite):
    """Rendering what is not painted fails with what to do, and exits with 1."""
    write_site(ONE_PAIR_LESS)
    result = run("render")
    assert (result.exit_code, result.stderr) == (
        1,
        "site.yaml:14:5: pair 'sky-sun' is not painted yet (never painted). Run `neural-gallery build`.\n1 problem\n",
    )


def test_render(run: Run, write_site: WriteSite):
    """Rendering what is painted tells the files, and says nothing of painting."""
    write_site()
    run("paint", "-q")
    assert re.fullmatch(r"wrote \d+ files in public\nopen public/index.html\n", run("render").stdout)


def test_gc(run: Run, write_site: WriteSite):
    """What would go is told by `--dry-run`, then it goes; afterwards there is nothing left to remove."""
    write_site()
    run("build", "-q")
    write_site(ONE_PAIR_LESS)
    would = run("gc", "--dry-run").stdout
    assert re.fullmatch(r"would remove 1 painting and 5 encoded files, \d+ kB\n", would)
    assert run("gc").stdout == would.replace("would remove", "removed")
    record = json.loads(run("gc", "--json").stdout)
    assert record == {"dry_run": False, "paintings": [], "encoded": [], "bytes": 0}


def test_schema(run: Run):
    """The schema is JSON Schema, and knows the manifest's sections."""
    schema = json.loads(run("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"version", "site", "defaults", "images", "pairs", "posts"} <= set(schema["properties"])


def test_init(run: Run, tmp_path: Path):
    """A new site is listed, with what to do next."""
    result = run("init", "new")
    lines = result.stdout.splitlines()
    assert lines[:5] == [
        "wrote new/.gitignore",
        "wrote new/content/images/chelsea.jpg",
        "wrote new/content/images/great-wave.jpg",
        "wrote new/content/posts/2025-01-01-hello.md",
        "wrote new/site.yaml",
    ]
    assert lines[6:8] == ["Next:", "  cd new"]
    assert (tmp_path / "new/site.yaml").exists()


def test_init_here(run: Run):
    """In the current folder nobody is told to change it."""
    assert "cd " not in run("init").stdout


def test_init_never_overwrites(run: Run, write_site: WriteSite):
    """A folder that has a site already is left alone."""
    write_site()
    result = run("init")
    assert (result.exit_code, result.stderr) == (
        2,
        "site.yaml: this file already exists. Choose another folder, or move it away first; nothing was written.\n"
        "1 problem\n",
    )


def test_new_site_builds(run: Run):
    """What `init` writes passes the check and builds at once."""
    run("init", "new")
    assert run("check", "--site", "new").stdout == "new/site.yaml: 1 pair, 2 pictures, 1 post: no problems\n"
    result = run("build", "--site", "new")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "open new/public/index.html"
    page = Path("new/public/index.html").read_text()
    assert 'id="chelsea-great-wave"' in page
    assert "Katsushika Hokusai" in page


def test_disk_errors_are_words(run: Run, write_site: WriteSite, tmp_path: Path):
    """A store that cannot be made is an error in words."""
    write_site()
    (tmp_path / ".neural-gallery").write_text("in the way")
    result = run("build")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"cannot lock {tmp_path}/.neural-gallery/lock: ")


def test_without_a_workshop_the_local_one_is_used(write_site: WriteSite):
    """Nothing given, the painter of this process is taken."""
    manifest = write_site()
    result = CliRunner().invoke(main, ["plan", "--site", str(manifest), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["to_paint"] == 2
