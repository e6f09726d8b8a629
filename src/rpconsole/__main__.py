"""python -m rpconsole."""

from __future__ import annotations

from rpconsole.cli.app import main

raise SystemExit(main())
