"""Rows of gpc1 as the telescope and the earlier stages would leave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, func, insert, select, update

from rpconsole.adapters.gpc1 import tables as t

NIGHT = datetime(2014, 7, 1, 9, 0, 0)  # noqa: DTZ001 - naive UTC, as the database has it
#: in the order of the focal plane, without its four missing corners
ALL_OTAS = tuple(f"XY{x}{y}" for x in range(8) for y in range(8) if (x, y) not in {(0, 0), (0, 7), (7, 0), (7, 7)})
DETREND_TYPES = ("MASK", "FLAT", "DARK", "VIDEODARK", "LINEARITY", "NOISEMAP", "FRINGE")
TESS = "RINGS.V3"


class Gpc1Rows:
    """Writes rows straight into the tables of one database; every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, table: Table, **values: Any) -> int:
        """One row; returns the number that the server gave it, or 0."""
        with self._engine.begin() as connection:
            made = connection.execute(insert(table).values(values)).inserted_primary_key
        return int(made[0]) if made is not None and len(made) == 1 and isinstance(made[0], int) else 0

    def add_many(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Several rows with the same columns; none is none."""
        if not rows:
            return
        with self._engine.begin() as connection:
            connection.execute(insert(table), list(rows))

    def change(self, table: Table, where: dict[str, Any], **values: Any) -> None:
        """Set columns of the rows that match."""
        with self._engine.begin() as connection:
            connection.execute(update(table).where(*(table.c[k] == v for k, v in where.items())).values(values))

    def all(self, table: Table, **where: Any) -> list[dict[str, Any]]:
        """The rows that match, as dictionaries."""
        query = select(table).where(*(table.c[k] == v for k, v in where.items()))
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def one(self, table: Table, **where: Any) -> dict[str, Any]:
        """The only row that matches."""
        (row,) = self.all(table, **where)
        return row

    def count(self, table: Table) -> int:
        with self._engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(table)) or 0)

    def exposure(self, exp_id: int = 1, *, otas: int = 2, **columns: Any) -> int:
        """A raw exposure with its OTAs."""
        name = f"o{6839 + exp_id // 10000:04d}g{exp_id % 10000:04d}o"
        exposure = {
            "exp_id": exp_id,
            "exp_name": name,
            "exp_tag": f"{name}.{exp_id}",
            "camera": "GPC1",
            "telescope": "PS1",
            "dateobs": NIGHT + timedelta(seconds=60 * exp_id),
            "filter": "r.00000",
            "exp_time": 40.0,
            "exp_type": "OBJECT",
            "state": "full",
            "ra": 3.5,
            "decl": -0.1,
            "fault": 0,
            "magicked": 0,
        }
        self.add(t.raw_exp, **{**exposure, **columns})
        used = {**exposure, **columns}
        self.add_many(t.raw_imfile, [self._raw_imfile(used, class_id) for class_id in ALL_OTAS[:otas]])
        return exp_id

    def _raw_imfile(self, exposure: dict[str, Any], class_id: str) -> dict[str, Any]:
        name = exposure["exp_name"]
        return {
            "exp_id": exposure["exp_id"],
            "exp_name": name,
            "class_id": class_id,
            "tmp_class_id": class_id.replace("XY", "ota"),
            "uri": f"neb://ipp001.0/gpc1/20140701/{name}/{name}.{class_id.replace('XY', 'ota')}.fits",
            "data_state": "full",
            "ignored": 0,
            "quality": 0,
            "fault": 0,
            "user_1": 1.0,
            "bytes": 23_000_000,
            "md5sum": "0" * 32,
            "burntool_state": 14,
            "video_cells": 0,
            "magicked": 0,
        }

    def chip_run(self, exp_id: int = 1, *, label: str = "DEMO", **columns: Any) -> int:
        """A new chipRun with a chipImfile for each OTA, ignored ones too."""
        values = {
            "exp_id": exp_id,
            "state": "new",
            "workdir": "neb://@HOST@.0/gpc1/demo",
            "workdir_state": "dirty",
            "label": label,
            "data_group": label,
            "tess_id": TESS,
            "end_stage": "warp",
            "magicked": 0,
        }
        chip_id = self.add(t.chip_run, **{**values, **columns})
        otas = [row["class_id"] for row in self.all(t.raw_imfile, exp_id=exp_id)]
        self.add_many(t.chip_imfile, [{"chip_id": chip_id, "class_id": class_id} for class_id in otas])
        return chip_id

    def chip_result(self, chip_id: int, class_id: str, **columns: Any) -> None:
        """A processed OTA."""
        exp_id = self.one(t.chip_run, chip_id=chip_id)["exp_id"]
        values = {
            "chip_id": chip_id,
            "exp_id": exp_id,
            "class_id": class_id,
            "data_state": "full",
            "path_base": self.chip_path_base(chip_id),
            "quality": 0,
            "fault": 0,
            "magicked": 0,
            "software_ver": "36001",
            "deteff_magref": -12.5,
            "maskfrac_npix": 100,
            "maskfrac_static": 0.1,
            "maskfrac_dynamic": 0.02,
            "maskfrac_magic": 0.0,
            "maskfrac_advisory": 0.3,
        }
        self.add(t.chip_processed_imfile, **{**values, **columns})

    def chip_path_base(self, chip_id: int) -> str:
        run = self.one(t.chip_run, chip_id=chip_id)
        tag = self.one(t.raw_exp, exp_id=run["exp_id"])["exp_tag"]
        return f"{run['workdir']}/{tag}/{tag}.ch.{chip_id}"

    def chip_done(self, exp_id: int = 1, *, label: str = "DEMO", **columns: Any) -> int:
        """A full chipRun with all its results."""
        chip_id = self.chip_run(exp_id, label=label, **{"state": "full", **columns})
        for row in self.all(t.raw_imfile, exp_id=exp_id):
            if not row["ignored"]:
                self.chip_result(chip_id, row["class_id"])
        return chip_id

    def cam_run(self, chip_id: int, **columns: Any) -> int:
        """The camRun of a chipRun, new, as our own advance leaves it."""
        return self.add(t.cam_run, **{**self._carried(t.chip_run, chip_id=chip_id), "chip_id": chip_id, **columns})

    def cam_done(self, chip_id: int, **columns: Any) -> int:
        """A full camRun with its result."""
        cam_id = self.cam_run(chip_id, **{"state": "full", **columns})
        tag = self._exp_tag(chip_id)
        path_base = f"neb://@HOST@.0/gpc1/demo/{tag}/{tag}.cm.{cam_id}"
        self.add(t.cam_processed_exp, cam_id=cam_id, uri="UNKNOWN", path_base=path_base, fault=0, quality=0)
        return cam_id

    def fake_run(self, cam_id: int, **columns: Any) -> int:
        """The fakeRun of a camRun, new."""
        values = self._carried(t.cam_run, cam_id=cam_id)
        del values["workdir_state"], values["magicked"]
        return self.add(t.fake_run, **{**values, "cam_id": cam_id, **columns})

    def warp_run(self, exp_id: int = 1, *, label: str = "DEMO", **columns: Any) -> int:
        """A new warpRun with everything in front of it done."""
        cam_id = self.cam_done(self.chip_done(exp_id, label=label))
        return self.warp_after(self.fake_run(cam_id, state="full"), **columns)

    def warp_after(self, fake_id: int, **columns: Any) -> int:
        """The warpRun of a fakeRun, new."""
        fake = self.one(t.fake_run, fake_id=fake_id)
        carried = {name: fake[name] for name in ("workdir", "label", "data_group", "tess_id", "end_stage")}
        values = {
            **carried,
            "fake_id": fake_id,
            "mode": "warp",
            "state": "new",
            "workdir_state": "dirty",
            "magicked": 0,
        }
        return self.add(t.warp_run, **{**values, **columns})

    def overlap(self, warp_id: int, skycells: dict[str, Sequence[str]], *, tess_id: str = TESS, fault: int = 0) -> None:
        """skycell -> OTAs that touch it."""
        shared = {"warp_id": warp_id, "tess_id": tess_id, "fault": fault}
        pairs = [(skycell, class_id) for skycell, class_ids in skycells.items() for class_id in class_ids]
        self.add_many(t.warp_sky_cell_map, [{**shared, "skycell_id": cell, "class_id": ota} for cell, ota in pairs])
        for skycell in skycells:
            self.add(t.warp_imfile, warp_id=warp_id, skycell_id=skycell)

    def warp_result(self, warp_id: int, skycell_id: str, **columns: Any) -> None:
        """A warped skycell."""
        values = {
            "warp_id": warp_id,
            "skycell_id": skycell_id,
            "tess_id": TESS,
            "data_state": "full",
            "path_base": f"neb://any/gpc1/demo/w.wrp.{warp_id}.{skycell_id}",
            "quality": 0,
            "fault": 0,
            "magicked": 0,
            "maskfrac_npix": 10,
            "maskfrac_static": 0.5,
            "maskfrac_dynamic": 0.0,
            "maskfrac_magic": 0.0,
            "maskfrac_advisory": 0.0,
            "software_ver": "36001",
        }
        self.add(t.warp_skyfile, **{**values, **columns})

    def warp_done(self, exp_id: int, skycells: Sequence[str], *, label: str = "DEMO") -> int:
        """A full warpRun with all its skycells."""
        warp_id = self.warp_run(exp_id, label=label, state="full")
        self.overlap(warp_id, dict.fromkeys(skycells, ALL_OTAS[:1]))
        for skycell in skycells:
            self.warp_result(warp_id, skycell)
        return warp_id

    def stack_run(self, warp_ids: Sequence[int], skycell_id: str, *, label: str = "DEMO", **columns: Any) -> int:
        """A new stackRun of these warps."""
        values = {
            "state": "new",
            "workdir": "neb://any/gpc1/demo",
            "label": label,
            "data_group": label,
            "skycell_id": skycell_id,
            "tess_id": TESS,
            "filter": "r.00000",
        }
        stack_id = self.add(t.stack_run, **{**values, **columns})
        self.add_many(t.stack_input_skyfile, [{"stack_id": stack_id, "warp_id": warp_id} for warp_id in warp_ids])
        return stack_id

    def detrends(self, *, otas: int = 2, filters: Sequence[str] = ("g", "r", "i", "z", "y")) -> dict[str, int]:
        """One accepted detrend of each type (of each filter for FLAT and FRINGE) with its files; '<TYPE>.<filter>' -> det_id."""
        made = {}
        for det_type in DETREND_TYPES:
            for short in filters if det_type in {"FLAT", "FRINGE"} else (None,):
                made[f"{det_type}.{short}" if short else det_type] = self.detrend(det_type, filter=short, otas=otas)
        return made

    def detrend(self, det_type: str, *, otas: int = 2, mode: str = "master", accept: int = 1, **columns: Any) -> int:
        """One detrend with its files."""
        values = {
            "iteration": 0,
            "det_type": det_type,
            "mode": mode,
            "state": "stop",
            "filelevel": "CHIP",
            "camera": "GPC1",
            "telescope": "PS1",
            "registered": NIGHT - timedelta(days=30),
        }
        det_id = self.add(t.det_run, **{**values, **columns})
        if mode == "master":
            self.add(t.det_run_summary, det_id=det_id, iteration=0, accept=accept, fault=0)
        table = t.det_normalized_imfile if mode == "master" else t.det_registered_imfile
        name = f"{det_type.lower()}.{columns.get('filter') or 'any'}.{det_id}"
        shared = {"det_id": det_id, "iteration": 0, "data_state": "full", "fault": 0}
        files = [
            {**shared, "class_id": ota, "uri": f"neb://any/detrends/{name}/{name}.{ota}.fits"}
            for ota in ALL_OTAS[:otas]
        ]
        self.add_many(table, files)
        return det_id

    def label_row(self, label: str, *, active: int | None = 1, priority: int | None = 100) -> None:
        self.add(t.label, label=label, active=active, priority=priority)

    def _exp_tag(self, chip_id: int) -> str:
        exp_id = self.one(t.chip_run, chip_id=chip_id)["exp_id"]
        return str(self.one(t.raw_exp, exp_id=exp_id)["exp_tag"])

    def _carried(self, table: Table, **where: Any) -> dict[str, Any]:
        parent = self.one(table, **where)
        names = ("workdir", "label", "data_group", "tess_id", "end_stage")
        return {**{name: parent[name] for name in names}, "state": "new", "workdir_state": "dirty", "magicked": 0}
