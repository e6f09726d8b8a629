"""The one file that is shipped to the site: a zip of ``rpconsole.remote``, the same bytes for the same sources."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from importlib.resources import files
from shlex import quote

#: package name inside the zip
PACKAGE = "rpr"
#: folder below the site's root
FOLDER = "rpconsole"
#: stable name that job scripts call; always a link to the newest helper
RUNNER_LINK = "stask"

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = "import sys\n\nfrom rpr.main import main\n\nsys.exit(main())\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@cache
def helper_bytes() -> bytes:
    """A zip application; stored, not deflated, for zlib's versions differ in their bytes."""
    target = io.BytesIO()
    target.write(_SHEBANG)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_STORED) as archive:
        for name, text in sorted(_sources().items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)
    return target.getvalue()


def helper_name() -> str:
    """A name that holds its content's hash, so that another version never overwrites this one."""
    return f"rpr-{hashlib.sha256(helper_bytes()).hexdigest()[:12]}.pyz"


def helper_path(root: str) -> str:
    return f"{root.rstrip('/')}/{FOLDER}/{helper_name()}"


def runner_path(root: str) -> str:
    """What a job script calls: survives a newer helper."""
    return f"{root.rstrip('/')}/{FOLDER}/{RUNNER_LINK}"


def install_command(root: str) -> str:
    """A command line for any login shell (tcsh too) that reads the file from standard input and installs it.

    The file and the link appear by rename only. The last line printed is ``RPR-INSTALLED <path>``; without it nothing
    is known to be installed.
    """
    name, size = helper_name(), len(helper_bytes())
    part = f".rpr-{name}.$$.part"
    steps = (
        f"mkdir -p {quote(root.rstrip('/') + '/' + FOLDER)}",
        f"cd {quote(root.rstrip('/') + '/' + FOLDER)}",
        f"cat > {part}",
        f"test $(wc -c < {part}) -eq {size}",
        f"chmod 755 {part}",
        f"mv -f {part} {name}",
        f"ln -s {name} .{RUNNER_LINK}.$$",
        f"mv -fT .{RUNNER_LINK}.$$ {RUNNER_LINK}",
        f"echo RPR-INSTALLED {quote(helper_path(root))}",
    )
    return f"/bin/sh -c {quote(' && '.join(steps))}"


def _sources() -> dict[str, str]:
    package = files("rpconsole.remote")
    modules = {
        f"{PACKAGE}/{entry.name}": entry.read_text(encoding="utf-8")
        for entry in package.iterdir()
        if entry.name.endswith(".py")
    }
    return {"__main__.py": _MAIN, **modules}
