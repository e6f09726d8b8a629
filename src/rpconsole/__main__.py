"""python -m rpconsole."""

from __future__ import annotations

from rpconsole.cli.entry import main

raise SystemExit(main())
