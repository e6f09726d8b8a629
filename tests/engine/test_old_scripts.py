"""One campaign, two hands: what the IPP's own scripts prepare we execute, and what we prepare they execute."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders.old_scripts import (
    OldChip,
    OldExecution,
    OldPrepare,
    as_the_old_poll_reads,
    install_programs,
    lines_of,
)

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.memory.moab import JobWord, MemoryJob
from rpconsole.domain.dbinfo import read_dbinfo
from rpconsole.domain.paths import normal_path
from rpconsole.domain.stage import Stage
from rpconsole.stages.detrend import TYPES

TOOLS = {Stage.CHIP: "chiptool", Stage.CAMERA: "camtool", Stage.WARP: "warptool", Stage.STACK: "stacktool"}


@pytest.fixture
def old(bench) -> OldPrepare:
    return OldPrepare(bench.folder, "/scratch3/watersc1/")


def stem_of(bench, run) -> Path:
    """Where the lists of a run lie in the plain storage."""
    return Path(bench.folder, "ipp", "remote", "DEMO", f"remote_{run['stage']}.{run['remote_id']}")


def old_chips(bench, chip_id: int, exp_id: int) -> list[OldChip]:
    """Its OTAs with raw image, burntool table and detrends as they lie at home."""
    chips = []
    for imfile in bench.rows.all(t.chip_imfile, chip_id=chip_id):
        raw = bench.rows.one(t.raw_imfile, exp_id=exp_id, class_id=imfile["class_id"])
        keys = [("-file", raw["uri"]), ("-burntool", raw["uri"].replace(".fits", ".burn.tbl"))]
        keys += [(type_.option, uri) for type_ in TYPES if (uri := detrend_uri(bench, type_.name, imfile["class_id"]))]
        inputs = [(option, str(bench.folder / "ipp" / key.split("/", 3)[3])) for option, key in keys]
        chips.append(OldChip(class_id=imfile["class_id"], inputs=inputs, chip_imfile_id=imfile["chip_imfile_id"]))
    return chips


def detrend_uri(bench, name: str, class_id: str) -> str | None:
    if name in ("VIDEODARK", "FRINGE"):
        return None
    for run in bench.rows.all(t.det_run, det_type=name):
        for table in (t.det_normalized_imfile, t.det_registered_imfile):
            for row in bench.rows.all(table, det_id=run["det_id"], class_id=class_id):
                return str(row["uri"])
    return None


def define_as_remotetool(bench):
    """One remote run of both exposures' chips."""
    remote_id = bench.rows.add(
        t.remote_run, state="new", stage="chip", label="DEMO", path_base="neb://any/remote/DEMO", job_id=-1, fault=0
    )
    for run in bench.rows.all(t.chip_run):
        bench.rows.add(t.remote_component, remote_id=remote_id, stage_id=run["chip_id"], jobs=0, state="new")
    return bench.rows.one(t.remote_run, remote_id=remote_id)


def prepare_components(bench, old: OldPrepare, run: dict) -> list[Path]:
    stems = []
    for chip in bench.rows.all(t.chip_run):
        stem = stem_of(bench, run) / f"stage_{chip['chip_id']}"
        tag = bench.rows.one(t.raw_exp, exp_id=chip["exp_id"])["exp_tag"]
        outroot = f"{chip['workdir']}/{tag}/{tag}.ch.{chip['chip_id']}"
        ids = {"exp_id": chip["exp_id"], "chip_id": chip["chip_id"]}
        jobs = old.chip(stem, outroot, ids, old_chips(bench, chip["chip_id"], chip["exp_id"]))
        bench.rows.change(
            t.remote_component,
            {"remote_id": run["remote_id"], "stage_id": chip["chip_id"]},
            jobs=jobs,
            state="prep_done",
            path_base=str(stem),
        )
        stems.append(stem)
    return stems


def only_chip(bench) -> None:
    labels = tuple(replace(label, stages=(Stage.CHIP,)) for label in bench.world.settings.labels)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=labels))


async def run_to_full(bench) -> None:
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.CHIP)) == ["full"])
        # the run is full before its items are advanced
        await bench.until(lambda: {row["state"] for row in bench.rows.all(t.chip_run)} == {"full"})


async def test_a_run_that_the_old_scripts_prepared_is_executed_and_its_results_applied(bench, old):
    only_chip(bench)
    run = define_as_remotetool(bench)
    old.merge(stem_of(bench, run), prepare_components(bench, old, run))
    bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, state="pending")
    await run_to_full(bench)
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"pass"}
    results = bench.rows.all(t.chip_processed_imfile)
    assert len(results) == 4
    assert {row["path_base"].rpartition(".")[0][-3:] for row in results} == {".ch"}
    products = [Path(line) for line in lines_of(stem_of(bench, run), "return")]
    assert len(products) == 20
    assert all(path.stat().st_size for path in products)
    assert {row["state"] for row in bench.rows.all(t.chip_run)} == {"full"}


async def test_components_that_the_old_scripts_prepared_are_merged_and_executed(bench, old):
    only_chip(bench)
    run = define_as_remotetool(bench)
    stems = prepare_components(bench, old, run)
    await run_to_full(bench)
    assert bench.rows.count(t.chip_processed_imfile) == 4
    merged = lines_of(stem_of(bench, run), "config")
    assert [line for line in merged if not line.startswith("top")] == [
        line for stem in stems for line in lines_of(stem, "config")
    ]


async def test_lists_that_the_old_scripts_wrote_over_ours_count_and_not_our_manifest(bench, old):
    only_chip(bench)
    run = define_as_remotetool(bench)
    async with bench.running():
        await bench.until(lambda: bench.states() == ["pending"])
    for chip in bench.rows.all(t.chip_run):
        # another output root: what our manifest promises will never be made
        bench.rows.change(t.chip_run, {"chip_id": chip["chip_id"]}, workdir="neb://any/gpc1/elsewhere")
    old.merge(stem_of(bench, run), prepare_components(bench, old, run))
    await run_to_full(bench)
    assert all("/gpc1/elsewhere/" in row["path_base"] for row in bench.rows.all(t.chip_processed_imfile))
    assert bench.rows.count(t.chip_processed_imfile) == 4


async def test_lists_that_the_old_scripts_merged_anew_are_counted_by_their_own_lines(bench, old):
    """They promise what ours did, from the same components; only their looks at the load stand elsewhere."""
    only_chip(bench)
    run = define_as_remotetool(bench)
    async with bench.running():
        await bench.until(lambda: bench.states() == ["pending"])
    config = Path(f"{stem_of(bench, run)}.config")
    commands = [line for line in config.read_text().splitlines() if not line.startswith("top")]
    config.write_text("".join(f"{line}\ntop -b -n 1\n" for line in commands))
    bench.player.verdict = lambda line: "fail" if "ch.2.XY01" in line else "pass"
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.CHIP)) == ["full"])
    done = {(row["chip_id"], row["class_id"]) for row in bench.rows.all(t.chip_processed_imfile)}
    assert done == {(1, "XY01"), (1, "XY02"), (2, "XY02")}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda stem: Path(f"{stem}.return").write_text("/elsewhere/1.x\n"), "lines"),
        (lambda stem: Path(f"{stem}.check").unlink(), ".check was never written"),
        (
            lambda stem: Path(f"{stem}.transfer").write_text("/nowhere/raw.fits\n"),
            "/nowhere/raw.fits is no longer there",
        ),
        (lambda stem: Path(f"{stem}.transfer").write_text("relative\n"), "relative"),
    ],
    ids=["pairs lost", "a list gone", "an input gone", "no absolute path"],
)
async def test_old_lists_that_are_broken_stop_their_run_with_a_sentence_and_nothing_is_submitted(
    bench, old, spoil, said
):
    only_chip(bench)
    run = define_as_remotetool(bench)
    old.merge(stem_of(bench, run), prepare_components(bench, old, run))
    spoil(stem_of(bench, run))
    bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, state="pending")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["exec_fail"])
        assert said in " ".join(await engine.why(run["remote_id"]))
    assert "msub" not in bench.site.moab.asked


def executed_by_the_old_scripts(bench, old: OldPrepare, *, unfinished: str = "") -> None:
    """A run that they prepared and submitted, whose job has ended; lines of one OTA may not have come to their end."""
    run = define_as_remotetool(bench)
    old.merge(stem_of(bench, run), prepare_components(bench, old, run))
    bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, state="run", job_id=71)
    stem = stem_of(bench, run)
    texts = {}
    for line in lines_of(stem, "config"):
        for text, path in re.findall(r"""echo -n ['\"]([^'\"]*)['\"] > (\S+)""", line):
            texts[normal_path(path)] = f"{text}-quality 0 \n"
    for remote, local in zip(lines_of(stem, "generate"), lines_of(stem, "return"), strict=True):
        path = normal_path(remote)
        content = texts.get(path, "made").encode()
        bench.site.put(path, content)
        if not (unfinished and f".{unfinished}." in path and path.endswith("log")):
            bench.site.put(normal_path(f"/scratch3/watersc1/tmp/{local}"), content)


async def test_a_job_that_the_old_scripts_submitted_ends_when_every_line_has_left_its_links(bench, old):
    only_chip(bench)
    executed_by_the_old_scripts(bench, old)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states(Stage.CHIP) == ["full"])
    assert bench.rows.count(t.chip_processed_imfile) == 4
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"pass"}
    assert "msub" not in bench.site.moab.asked


async def test_a_job_of_the_old_scripts_that_nobody_knows_and_that_lacks_links_moves_on_no_guess(bench, old):
    only_chip(bench)
    executed_by_the_old_scripts(bench, old, unfinished="XY01")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: any("in no list" in alert.sentence for alert in engine.snapshot().alerts))
    assert bench.states() == ["run"]
    assert bench.rows.count(t.chip_processed_imfile) == 0


async def test_what_an_ended_job_of_the_old_scripts_did_not_finish_fails_alone_and_is_not_run_again(bench, old):
    only_chip(bench)
    executed_by_the_old_scripts(bench, old, unfinished="XY01")
    bench.site.moab.jobs["71"] = MemoryJob(job="71", name="remote", argv=(), cwd="/", word=JobWord.COMPLETED)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states(Stage.CHIP) == ["full"] or bench.states() == ["error"])
    done = [row["class_id"] for row in bench.rows.all(t.chip_processed_imfile)]
    assert done == ["XY02", "XY02"]
    assert "msub" not in bench.site.moab.asked
    sentences = [verdict.sentence for verdict in await bench.world.ledger.verdicts(1, state="fail")]
    ended = "did not come to its end: return links of its products are missing at the site"
    assert sentences == [f"task 1 {ended}", f"task 4 {ended}"]


def resubmitted_by_the_old_scripts(bench) -> None:
    """Our job was ended by hand in mid-work; theirs runs, from lists and script that they merged."""
    (run,) = bench.rows.all(t.remote_run)
    bench.player.play(cut_after=1)
    Path(f"{stem_of(bench, run)}.cmd").write_text("#!/bin/tcsh\n#MSUB -V\ndate\n")
    bench.site.moab.jobs["71"] = MemoryJob(job="71", name="remote", argv=(), cwd="/", word=JobWord.RUNNING)
    bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, state="run", job_id=71)


def finish_the_old_job(bench) -> None:
    """Every line has run to its end, and left its links."""
    (run,) = bench.rows.all(t.remote_run)
    stem = stem_of(bench, run)
    for line in lines_of(stem, "config"):
        for text, path in re.findall(r"""echo -n ['\"]([^'\"]*)['\"] > (\S+)""", line):
            bench.site.put(path, f"{text}-quality 0 \n".encode())
    for remote, local in zip(lines_of(stem, "generate"), lines_of(stem, "return"), strict=True):
        if remote not in bench.site.files:
            bench.site.put(remote, b"made")
        bench.site.put(normal_path(f"/scratch3/watersc1/tmp/{local}"), bench.site.files[remote].data)
    bench.site.moab.jobs["71"].word = JobWord.COMPLETED


@pytest.mark.parametrize("engine_was_down", [True, False])
async def test_a_job_that_the_old_scripts_submitted_after_ours_is_followed_and_ours_not_submitted_again(
    bench, old, engine_was_down
):
    """Where ours left an end mark, it does not speak for theirs; the engine may have seen nothing of it."""
    only_chip(bench)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        await engine.set_gates(["exec", "poll"], open=False, who="op")
        if not engine_was_down:
            resubmitted_by_the_old_scripts(bench)
            await bench.until(lambda: engine.snapshot().runs[0].job == "71")
    if engine_was_down:
        resubmitted_by_the_old_scripts(bench)
    async with bench.running() as engine:
        await bench.login()
        await engine.set_gates(["exec", "poll"], open=True, who="op")
        for _ in range(20):
            await bench.clock.advance(60.0)
            await asyncio.sleep(0.01)
        assert bench.states() == ["run"]
        assert engine.snapshot().runs[0].job == "71"
        finish_the_old_job(bench)
        await bench.until(lambda: bench.states(Stage.CHIP) == ["full"])
    assert bench.site.moab.asked.count("msub") == 1
    assert bench.rows.count(t.chip_processed_imfile) == 4


async def test_every_stage_is_executed_from_its_five_lists_alone(bench):
    """As if nothing of rpconsole's own lay beside them; the old root's '//' and 'ln -s' included."""
    async with bench.running() as engine:
        await bench.login()
        for stage in Stage:
            await engine.set_gates(["exec"], open=False, who="op")
            await bench.until(lambda stage=stage: bench.states(stage) == ["pending"])
            (run,) = bench.rows.all(t.remote_run, stage=stage)
            make_old(stem_of(bench, run))
            await engine.set_gates(["exec"], open=True, who="op")
            await bench.until(lambda stage=stage: (bench.player.play() or bench.states(stage)) == ["full"])
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"pass"}
    assert bench.rows.count(t.stack_sum_skyfile) == 1


def make_old(stem: Path) -> None:
    """Take the manifests away, and write the rest as the old scripts do."""
    for manifest in [*stem.parent.glob(f"{stem.name}.manifest*"), *stem.glob("*.manifest*")]:
        manifest.unlink()
    for name in ("check", "config", "generate"):
        file = Path(f"{stem}.{name}")
        text = file.read_text().replace("/scratch3/watersc1/", "/scratch3/watersc1//").replace("ln -sf", "ln -s")
        file.write_text(text)


async def test_every_stage_that_we_prepare_is_executed_by_the_old_scripts(bench):
    root = bench.folder / "scratch"
    layout = replace(bench.world.settings.layout, remote_root=f"{root}/")
    bench.world = replace(bench.world, settings=replace(bench.world.settings, layout=layout))
    programs = install_programs(bench.folder / "programs")
    for stage in Stage:
        async with bench.running():
            await bench.until(lambda stage=stage: bench.states(stage) == ["pending"])
        (run,) = bench.rows.all(t.remote_run, stage=stage)
        stem = stem_of(bench, run)
        assert run_by_its_script(stem, root, stage, run["remote_id"])
        stat = OldExecution(stem=stem, root=root, programs=programs).run()
        assert set(stat.values()) == {"PASS"}
        await apply_as_the_old_poll(bench, stage, stat)
        bench.rows.change(t.remote_component, {"remote_id": run["remote_id"]}, state="pass")
        bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, state="full", job_id=5)
    assert bench.rows.count(t.stack_sum_skyfile) == 1


def run_by_its_script(stem: Path, root: Path, stage: Stage, remote_id: int) -> bool:
    """The batch script calls the IPP's own runner with our list, the hosts file and how much of a node a task takes."""
    lines = lines_of(stem, "cmd")
    runner, times = ("stask_stack.py", 3) if stage is Stage.STACK else ("stask_chip.py", 1)
    config = root / "remote" / "DEMO" / f"remote_{stage}.{remote_id}.config"
    assert lines[0] == "#!/bin/tcsh"
    assert f"#MSUB -o {root}/stask_logs/{stage}.{remote_id}.out" in lines
    assert lines[-2:] == [f"{root}/{runner} {config} hosts.$SLURM_JOB_ID {times}", "date"]
    # the lists lie where the old exec would ship them
    config.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(f"{stem}.config", config)
    return True


async def apply_as_the_old_poll(bench, stage: Stage, stat: dict[str, str]) -> None:
    """Each dbinfo is one line of one tool; what the tool would write is written."""
    for local in stat:
        assert Path(local).stat().st_size, local
        if local.endswith(".dbinfo"):
            text = Path(local).read_text()
            assert text.count("\n") == 1
            assert as_the_old_poll_reads(text)[0] == TOOLS[stage]
            (applied,) = await bench.world.survey.apply([read_dbinfo(text, source=local, stage=stage)])
            assert applied.outcome == "applied", applied.sentence


async def test_the_items_of_a_run_with_a_set_label_advance_although_nobody_watches_theirs(bench):
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=()))
    run = define_as_remotetool(bench)
    bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, label="EVENING")
    await run_to_full(bench)
    assert bench.rows.count(t.cam_run) == 2


@pytest.mark.parametrize("path_base", ["(null)", "neb://any/../../x"])
async def test_a_run_whose_path_leads_nowhere_stops_alone_and_is_shown(bench, path_base):
    """All jobs are polled in one round trip; a row that another hand spoilt must not end it for the others."""
    only_chip(bench)
    bench.rows.add(t.remote_run, state="run", stage="chip", label="X", path_base=path_base, job_id=5, fault=0)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.CHIP)) == ["run", "full"])
        await bench.until(lambda: "leads nowhere" in " ".join(engine.snapshot().runs[0].why))
        assert (await engine.run_detail(1)).files == {}


async def test_a_run_of_another_hand_whose_lists_are_gone_does_not_keep_the_others_from_being_polled(bench):
    only_chip(bench)
    bench.rows.add(t.remote_run, state="run", stage="chip", label="X", path_base="neb://any/x", job_id=5, fault=0)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.CHIP)) == ["run", "full"])


@pytest.mark.parametrize("path_base", ["", "/", "NULL", "(null)"])
async def test_a_run_without_a_path_is_not_prepared_into_the_root_of_the_disk(bench, path_base):
    only_chip(bench)
    run = define_as_remotetool(bench)
    bench.rows.change(t.remote_run, {"remote_id": run["remote_id"]}, path_base=path_base)
    async with bench.running() as engine:
        await bench.until(lambda: bench.states(Stage.CHIP) == ["prep_fail"])
        assert "its lists have no place" in (await engine.why(1))[0]
    assert not Path(f"/remote_chip.{run['remote_id']}").exists()
