"""One of Nebulous' databases, read in batches: which objects there are, where their copies lie, where a volume stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import Connection, Row, Select, inspect, select, union_all

from rpconsole.adapters.nebulous import tables as t
from rpconsole.adapters.sql import Database, database_url, in_pieces, mysql_engine, sqlite_engine
from rpconsole.domain.fault import BadConfiguration, BadData
from rpconsole.domain.nebulous import Instance, Volume, disk_path_in

#: keys in one question
KEYS_AT_ONCE = 1000


def open_index(address: str, *, password: str | None = None, connect_timeout_s: int = 10) -> NebulousIndex:
    """Make one database ready for questions; nothing is connected yet."""
    url = database_url(address, password)
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise BadConfiguration("a nebulous database cannot live in memory; give a file, sqlite:////absolute/path")
        return NebulousIndex(Database(sqlite_engine(url, foreign_keys=False)))
    engine = mysql_engine(url, connect_timeout_s=connect_timeout_s, charset="latin1", isolation_level="READ COMMITTED")
    return NebulousIndex(Database(engine))


class NebulousIndex:
    """Reads only; rows are made by Nebulous' own server. Raises DatabaseAway, DatabaseRefused."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def close(self) -> None:
        """Drop the connections."""
        await self.database.close()

    async def instances(self, paths: Collection[str]) -> Mapping[str, list[Instance]]:
        """object's path -> its copies on volumes that are mounted and available now."""
        return await self.database.read(lambda connection: _instances(connection, paths))

    async def objects(self, paths: Collection[str]) -> set[str]:
        """Those of the paths that are objects, whether or not a copy is available."""
        return await self.database.read(lambda connection: _objects(connection, paths))

    async def volumes(self, names: Collection[str]) -> Mapping[str, Volume]:
        """name or alias -> the volume; names that are none are left out."""
        return await self.database.read(lambda connection: _volumes(connection, names))

    async def check(self) -> int:
        """How many volumes are available now; BadData names what is missing where this is no Nebulous."""
        return await self.database.read(_check)


def _instances(connection: Connection, paths: Collection[str]) -> dict[str, list[Instance]]:
    found: dict[str, list[Instance]] = {}
    asked = set(paths)
    for piece in in_pieces(asked, KEYS_AT_ONCE):
        for row in connection.execute(_question().where(t.storage_object.c.ext_id.in_(piece))):
            path = disk_path_in(row.uri)
            # the server's collation may take A for a
            if path is not None and row.ext_id in asked:
                found.setdefault(row.ext_id, []).append(_instance(row, path))
    return found


def _question() -> Select[tuple[str, int, str, int, str, int | None, int | None]]:
    joined = (
        t.storage_object.join(t.instance, t.instance.c.so_id == t.storage_object.c.so_id)
        .join(t.mounted_volume, t.mounted_volume.c.vol_id == t.instance.c.vol_id)
        .join(t.volume, t.volume.c.vol_id == t.instance.c.vol_id)
        .outerjoin(t.cabinet, t.cabinet.c.cab_id == t.volume.c.cab_id)
    )
    wanted = select(
        t.storage_object.c.ext_id,
        t.instance.c.ins_id,
        t.instance.c.uri,
        t.volume.c.vol_id,
        t.volume.c.name,
        t.volume.c.cab_id,
        t.cabinet.c.site_id,
    )
    return wanted.select_from(joined).where(t.mounted_volume.c.available == 1)


def _instance(row: Row[tuple[str, int, str, int, str, int | None, int | None]], path: str) -> Instance:
    volume = Volume(name=row.name, vol_id=row.vol_id, cab_id=row.cab_id, site_id=row.site_id)
    return Instance(ins_id=row.ins_id, path=path, volume=volume)


def _objects(connection: Connection, paths: Collection[str]) -> set[str]:
    asked = set(paths)
    found: set[str] = set()
    for piece in in_pieces(asked, KEYS_AT_ONCE):
        column = t.storage_object.c.ext_id
        found.update(connection.scalars(select(column).where(column.in_(piece))))
    return found & asked


def _volumes(connection: Connection, names: Collection[str]) -> dict[str, Volume]:
    place = t.volume.outerjoin(t.cabinet, t.cabinet.c.cab_id == t.volume.c.cab_id)
    aliased = place.join(t.alias_volume, t.alias_volume.c.vol_id == t.volume.c.vol_id)
    columns = (t.volume.c.name, t.volume.c.vol_id, t.volume.c.cab_id, t.cabinet.c.site_id)
    by_name = select(t.volume.c.name.label("called"), *columns).select_from(place).where(t.volume.c.name.in_(names))
    by_alias = (
        select(t.alias_volume.c.alias.label("called"), *columns)
        .select_from(aliased)
        .where(t.alias_volume.c.alias.in_(names))
    )
    # an alias goes before a volume of the same name
    return {
        row.called: Volume(name=row.name, vol_id=row.vol_id, cab_id=row.cab_id, site_id=row.site_id)
        for row in connection.execute(union_all(by_name, by_alias))
    }


def _check(connection: Connection) -> int:
    inspector = inspect(connection)
    present = set(inspector.get_table_names()) | set(inspector.get_view_names())
    missing = list(_missing(inspector, present))
    if missing:
        raise BadData(f"this is no nebulous database: missing {', '.join(missing[:8])}")
    available = select(t.mounted_volume.c.vol_id).where(t.mounted_volume.c.available == 1)
    return len(connection.execute(available).all())


def _missing(inspector: object, present: Collection[str]) -> Iterator[str]:
    for table in t.metadata.tables.values():
        needed = {column.name for column in table.columns if column.info.get("needed")}
        if not needed:
            continue
        if table.name not in present:
            yield f"table {table.name}"
            continue
        have = {column["name"] for column in inspector.get_columns(table.name)}  # type: ignore[attr-defined]
        yield from (f"column {table.name}.{name}" for name in sorted(needed - have))
