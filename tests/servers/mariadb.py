"""A private MariaDB in a temporary directory, on a socket and a free port of its own."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql  # type: ignore[import-untyped]
from tests.servers import found, require
from tests.servers.ports import free_port

#: stricter than any real gpc1: what passes here passes there
SQL_MODE = "ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"
START_S = 120.0
USER = "ipp"
PASSWORD = "not-to-be-printed"


class PrivateMariadb:
    """One server; use as a context manager, so that it ends whatever happens."""

    def __init__(self) -> None:
        self.port = free_port()
        # a socket's path may have 107 characters: pytest's own directories are too deep
        self.directory = Path(
            tempfile.mkdtemp(prefix="rpc-maria-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        )
        self.socket = self.directory / "m.sock"
        self.log = self.directory / "mariadbd.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrivateMariadb:
        try:
            self._install()
            self.start()
            self._execute(f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'", f"GRANT ALL ON *.* TO '{USER}'@'%'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, database: str) -> str:
        """URL over TCP, with the password in it."""
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """A fresh empty database; returns its URL."""
        self._execute(f"DROP DATABASE IF EXISTS `{name}`", f"CREATE DATABASE `{name}` CHARACTER SET latin1")
        return self.url(name)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        program = found.mariadb()
        assert program is not None
        # a server that starts clears its folder of temporary tables, also of those that another one uses, which then crashes over it
        scratch = self.directory / "tmp"
        scratch.mkdir(exist_ok=True)
        arguments = [
            f"--datadir={self.directory / 'data'}",
            f"--tmpdir={scratch}",
            f"--socket={self.socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--pid-file={self.directory / 'pid'}",
            f"--sql-mode={SQL_MODE}",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
            "--skip-name-resolve",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "--no-defaults", f"--user={getpass.getuser()}", *arguments], stdout=log, stderr=log
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server and wait for its end."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _install(self) -> None:
        program = found.program("mariadb-install-db", "mysql_install_db")
        assert program is not None
        options = [
            f"--datadir={self.directory / 'data'}",
            f"--user={getpass.getuser()}",
            "--auth-root-authentication-method=normal",
            # a container's own name need not be known to it
            "--force",
        ]
        done = subprocess.run(
            [program, "--no-defaults", "--skip-test-db", *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout[-500:]} {done.stderr[-500:]}")

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._listens():
                self._execute("SELECT 1")
                return
            time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-1500:]
        raise RuntimeError(f"MariaDB did not answer within {START_S:.0f} s: {tail}")

    def _listens(self) -> bool:
        # asked by hand: the driver leaves its socket open when nobody answers
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def _execute(self, *statements: str) -> None:
        connection = pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()


def require_mariadb() -> None:
    """Skip, or fail where servers are required, when MariaDB is not installed."""
    require("mariadb", found.mariadb() is not None, "mariadbd and mariadb-install-db (package mariadb-server)")
