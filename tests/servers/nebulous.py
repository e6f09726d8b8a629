"""A small Nebulous: its tables in databases that it is given, volumes as directories, its SOAP server on loopback, its commands as scripts.

It speaks the documented calls of the real one over HTTP and makes rows and empty files as that does.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from rpconsole.adapters.nebulous import tables as t
from rpconsole.adapters.nebulous.index import open_index
from rpconsole.domain.nebulous import disk_path_in, file_name_of, folder_of, shard_of
from rpconsole.domain.paths import BadKey, read_neb_key

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
#: name, cabinet; cabinets 1 and 2 are at site 1, cabinet 3 at site 2
VOLUMES = (("ipp001.0", 1), ("ipp002.0", 1), ("ipp040.0", 2), ("ippb01.0", 3))

#: without urllib, whose loading takes longer than the call
_SCRIPT = """\
#!{python} -ISE
import os, socket, sys
host, _, path = os.environ["NEB_SERVER"].partition("://")[2].partition("/")
name, _, port = host.partition(":")
body = '<e:Envelope xmlns:e="{envelope}"><e:Body><{method}><k>' + sys.argv[1] + '</k></{method}></e:Body></e:Envelope>'
head = "POST /" + path + " HTTP/1.0\\r\\nContent-Length: " + str(len(body)) + "\\r\\n\\r\\n"
try:
    with socket.create_connection((name, int(port or 80)), 20) as line, line.makefile("rwb") as stream:
        stream.write((head + body).encode())
        stream.flush()
        answer = stream.read().decode()
except OSError as error:
    sys.exit("500 Can't connect to " + host + ": " + str(error))
if " 500 " in answer[:20] and "Duplicate entry" not in answer:
    sys.exit("{method}: " + answer.partition("<faultstring>")[2].partition("<")[0])
"""


class NebulousStandIn:
    """One Nebulous; use as a context manager. ``databases``: URLs, empty."""

    def __init__(self, folder: Path, databases: Sequence[str]) -> None:
        self.folder = folder
        self.databases = list(databases)
        self._indexes = [open_index(url) for url in databases]
        #: the methods that were called, in order
        self.called: list[str] = []
        #: method -> what to answer instead: (status, body); None = as usual
        self.instead: Callable[[str], tuple[int, bytes] | None] = lambda method: None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._lock = threading.Lock()

    def __enter__(self) -> NebulousStandIn:
        for index in self._indexes:
            t.metadata.drop_all(index.database.engine)
            t.metadata.create_all(index.database.engine)
            with index.database.engine.begin() as connection:
                connection.execute(
                    insert(t.cabinet), [{"cab_id": n, "name": f"c{n}", "site_id": 1 + n // 3} for n in (1, 2, 3)]
                )
                for number, (name, cabinet) in enumerate(VOLUMES, start=1):
                    self._add_volume(connection, number, name, cabinet)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        for index in self._indexes:
            index.database._readers.shutdown()
            index.database._writers.shutdown()
            index.database.engine.dispose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/nebulous"

    def programs(self) -> Path:
        """A directory with ``neb-touch`` and ``neb-repair``; they find the server by NEB_SERVER."""
        folder = self.folder / "programs"
        folder.mkdir(parents=True, exist_ok=True)
        for name, method in (("neb-touch", "create_object"), ("neb-repair", "repair_object")):
            path = folder / name
            path.write_text(_SCRIPT.format(python=sys.executable, envelope=ENVELOPE, method=method))
            path.chmod(0o755)
        return folder

    # -- what a test does behind the server's back ---------------------------------------------------------------------

    def engine_of(self, key: str) -> Engine:
        path = read_neb_key(key).path
        return self._indexes[shard_of(path, len(self._indexes))].database.engine

    def replicate(self, key: str, volume: str, content: bytes | None = b"") -> Path:
        """One more copy of an object, on a volume; ``content`` None = a row without a file."""
        path = read_neb_key(key).path
        with self.engine_of(key).begin() as connection:
            so_id = connection.scalar(select(t.storage_object.c.so_id).where(t.storage_object.c.ext_id == path))
            assert so_id is not None, key
            return self._add_instance(connection, so_id, path, volume, content)

    def adopt(self, root: Path) -> None:
        """Every file below a directory becomes an object, its content linked."""
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            key = f"neb://any/{file.relative_to(root)}"
            self.create_object(key)
            instance = self.files_of(key)[0]
            instance.unlink()
            instance.hardlink_to(file)

    def files_of(self, key: str) -> list[Path]:
        """The files of an object's copies, whatever their volumes' state, oldest first."""
        path = read_neb_key(key).path
        joined = t.storage_object.join(t.instance, t.instance.c.so_id == t.storage_object.c.so_id)
        query = select(t.instance.c.uri).select_from(joined).where(t.storage_object.c.ext_id == path)
        with self.engine_of(key).connect() as connection:
            uris = connection.scalars(query.order_by(t.instance.c.ins_id)).all()
        return [Path(disk_path_in(uri) or "/none") for uri in uris]

    def set_available(self, volume: str, available: bool) -> None:
        for index in self._indexes:
            with index.database.engine.begin() as connection:
                mounted = t.mounted_volume
                connection.execute(update(mounted).where(mounted.c.name == volume).values(available=int(available)))

    # -- the documented calls ------------------------------------------------------------------------------------------

    def create_object(self, key: str, volume: str = "") -> list[str]:
        name = read_neb_key(key)
        wished = volume or name.volume or ""
        with self._lock, self.engine_of(key).begin() as connection:
            values = {
                "ext_id": name.path,
                "ext_id_basename": name.path.rpartition("/")[2],
                "dir_id": 1,
                "type": "REG_FILE",
            }
            made = connection.execute(insert(t.storage_object).values(values)).inserted_primary_key
            assert made is not None
            known = [one for one, _ in VOLUMES]
            chosen = wished if wished in known else known[0]
            return [self._add_instance(connection, made[0], name.path, chosen, b"").as_uri()]

    def find_instances(self, key: str, volume: str = "") -> list[str]:
        return [path.as_uri() for path in self.files_of(key)]

    def stat_object(self, key: str) -> list[str]:
        path = read_neb_key(key).path
        with self.engine_of(key).connect() as connection:
            so_id = connection.scalar(select(t.storage_object.c.so_id).where(t.storage_object.c.ext_id == path))
        if so_id is None:
            raise LookupError(f"is valid object key: {key}")
        return [str(so_id), path, "0", "0", "", "", "1", "1"]

    def repair_object(self, key: str) -> list[str]:
        """What neb-repair does: a copy whose file is gone is copied from one that is there."""
        files = self.files_of(key)
        good = next((path for path in files if path.exists()), None)
        if good is None:
            raise LookupError("no instances available")
        for path in files:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(good.read_bytes())
        return []

    # -- inside --------------------------------------------------------------------------------------------------------

    def _add_volume(self, connection: Any, number: int, name: str, cabinet: int) -> None:
        path = self.folder / name / "nebulous"
        shared = {"vol_id": number, "name": name, "host": name[:-2], "path": str(path), "mountpoint": str(path)}
        connection.execute(insert(t.volume).values(**shared, cab_id=cabinet, allocate=1, available=1))
        connection.execute(insert(t.mounted_volume).values(**shared, total=1 << 40, used=0, allocate=1, available=1))
        connection.execute(insert(t.alias_volume).values(alias=f"data.{number}", name=name, vol_id=number))

    def _add_instance(self, connection: Any, so_id: int, path: str, volume: str, content: bytes | None) -> Path:
        vol_id = [name for name, _ in VOLUMES].index(volume) + 1
        made = connection.execute(insert(t.instance).values(so_id=so_id, vol_id=vol_id, uri="error"))
        ins_id = made.inserted_primary_key[0]
        file = self.folder / volume / "nebulous" / folder_of(path) / file_name_of(ins_id, path)
        if content is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        connection.execute(update(t.instance).where(t.instance.c.ins_id == ins_id).values(uri=file.as_uri()))
        return file

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        call = ElementTree.fromstring(body).find(f"{{{ENVELOPE}}}Body")[0]
        method = re.sub(r"^\{.*\}", "", call.tag)
        self.called.append(method)
        other = self.instead(method)
        if other is not None:
            return other
        try:
            return 200, _said(method, getattr(self, method)(*[leaf.text or "" for leaf in call]))
        except IntegrityError:
            return 500, _fault("DBD::mysql::st execute failed: Duplicate entry for key 'ext_id'")
        except (LookupError, BadKey) as error:
            return 500, _fault(str(error))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                status, content = stand_in._answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing on a test's terminal."""

        return Handler


def _said(method: str, values: Sequence[str]) -> bytes:
    leaves = "".join(f"<v{number}>{escape(value)}</v{number}>" for number, value in enumerate(values))
    return f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><{method}Response>{leaves}</{method}Response></s:Body></s:Envelope>'.encode()


def _fault(text: str) -> bytes:
    inner = f"<faultcode>s:Server</faultcode><faultstring>{escape(text)}</faultstring>"
    return f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><s:Fault>{inner}</s:Fault></s:Body></s:Envelope>'.encode()
