"""The column notation, and what the tables made from it look like."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.schema import CreateTable

from rpconsole.adapters.gpc1 import notation
from rpconsole.adapters.gpc1 import tables as t


@pytest.mark.parametrize("word", ["exp_id", "exp_id:Q", "exp id:B", "exp_id:V", "exp_id:B?", ":B"])
def test_a_word_that_is_no_column_is_named_with_its_table(word):
    with pytest.raises(ValueError, match="table broken"):
        notation.gpc1_table("broken", word, into=MetaData())


def test_types_defaults_and_keys_come_out_as_mysql_has_them():
    table = notation.gpc1_table(
        "some",
        "*a_id:B+ b:V16! c:S!=0 d:T=1 e:F f:D g:DT h:TS i:I",
        pk="a_id",
        keys=("b", "b c"),
        unique=("b i",),
        into=MetaData(),
    )
    made = " ".join(str(CreateTable(table).compile(dialect=mysql.dialect())).split())
    for part in (
        "a_id BIGINT NOT NULL AUTO_INCREMENT",
        "b VARCHAR(16) NOT NULL",
        "c SMALLINT NOT NULL DEFAULT 0",
        "d TINYINT DEFAULT 1",
        "e FLOAT,",
        "f DOUBLE,",
        "g DATETIME,",
        "h TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP",
        "i INTEGER,",
        "PRIMARY KEY (a_id)",
        "UNIQUE (b, i)",
        "ENGINE=InnoDB",
        "CHARSET=latin1",
    ):
        assert part in made
    assert table.c.a_id.info["needed"]
    assert not table.c.b.info["needed"]
    assert {index.name for index in table.indexes} == {"some_b", "some_b_c"}


def test_a_number_of_the_servers_is_an_integer_primary_key_on_sqlite():
    made = str(CreateTable(t.remote_run).compile(dialect=sqlite.dialect()))
    assert "remote_id INTEGER NOT NULL" in made
    assert "PRIMARY KEY (remote_id)" in made


def test_components_have_no_primary_key_as_in_the_real_schema():
    assert list(t.remote_component.primary_key.columns) == []
    assert [column.name for column in t.remote_component.columns] == [
        "remote_id",
        "stage_id",
        "jobs",
        "state",
        "path_base",
    ]


#: columns that each table has in schema 1.1.81
REAL = """
    rawExp:66 rawImfile:70 chipRun:22 chipImfile:3 chipProcessedImfile:66 chipMask:1 camRun:26
    camProcessedExp:84 fakeRun:14 fakeProcessedImfile:11 warpRun:22 warpSkyCellMap:5 warpImfile:3
    warpSkyfile:26 stackRun:14 stackInputSkyfile:2 stackSumSkyfile:31 stackAssociation:5 detRun:30
    detRunSummary:8 detNormalizedImfile:15 remoteRun:8 remoteComponent:5 Label:4 skycell:8 dbversion:2
"""


@pytest.mark.parametrize("real", REAL.split())
def test_tables_have_as_many_columns_as_the_real_ones(real):
    table, _, columns = real.partition(":")
    assert len(t.metadata.tables[table].columns) == int(columns)


def test_the_two_tables_of_detrend_files_can_be_one_union():
    normalized, registered = t.det_normalized_imfile, t.det_registered_imfile
    assert [column.name for column in normalized.columns] == [column.name for column in registered.columns]


def test_no_foreign_key_refers_to_a_parent_that_is_not_unique():
    """Current servers refuse to make them."""
    for table in t.metadata.tables.values():
        for constraint in table.foreign_key_constraints:
            parent = constraint.referred_table
            assert [element.column.name for element in constraint.elements] == [
                column.name for column in parent.primary_key.columns
            ]
