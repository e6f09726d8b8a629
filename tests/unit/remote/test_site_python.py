"""The site's Python may be as old as 3.6: what it cannot read or does not know may not be used there."""

from __future__ import annotations

import ast
import sys
from importlib.resources import files

import pytest

MODULES = sorted(entry.name for entry in files("rpconsole.remote").iterdir() if entry.name.endswith(".py"))

NEWER_KEYWORDS = {
    "capture_output", "text", "missing_ok", "dirs_exist_ok", "process_group", "exit_on_error", "strict", "cancel_futures",
    "delete_on_close", "warn_on_full_buffer", "required",
}  # fmt: skip
NEWER_NAMES = {
    "removeprefix", "removesuffix", "time_ns", "monotonic_ns", "perf_counter_ns", "process_time_ns", "thread_time_ns",
    "fromisoformat", "posix_spawn", "posix_spawnp", "memfd_create", "pidfd_open", "pidfd_send_signal", "copy_file_range",
    "waitstatus_to_exitcode", "raise_signal", "cached_property", "singledispatchmethod", "file_digest", "nullcontext",
    "aclosing", "get_running_loop", "to_thread", "TaskGroup", "pairwise", "batched", "prod", "isqrt", "dist", "comb",
    "get_native_id", "breakpoint", "aiter", "anext", "ExceptionGroup", "BaseExceptionGroup", "EncodingWarning", "TypedDict",
    "Protocol", "Literal", "Final", "ParamSpec", "TypeAlias", "SimpleQueue", "ThreadingHTTPServer", "is_relative_to",
    "preadv", "pwritev", "register_at_fork", "strsignal", "unraisablehook", "orig_argv", "isascii",
}  # fmt: skip
NEWER_CALLS = {("shlex", "join"), ("functools", "cache"), ("contextlib", "chdir"), ("threading", "excepthook")}
NEWER_MODULES = {
    "dataclasses", "contextvars", "importlib.resources", "importlib.metadata", "graphlib", "zoneinfo", "tomllib", "asyncio",
}  # fmt: skip


def tree_of(name: str) -> ast.Module:
    return ast.parse(files("rpconsole.remote").joinpath(name).read_text("utf-8"), name, feature_version=(3, 6))


@pytest.mark.parametrize("name", MODULES)
def test_every_module_reads_on_python_3_6(name):
    tree_of(name)


@pytest.mark.parametrize("name", MODULES)
def test_no_module_uses_a_name_newer_than_python_3_6(name):
    assert [ast.unparse(node) for node in ast.walk(tree_of(name)) if is_newer(node)] == []


def is_newer(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
            return attribute in NEWER_NAMES or (owner, attribute) in NEWER_CALLS
        case ast.Attribute(attr=attribute):
            return attribute in NEWER_NAMES
        case ast.Name(id=word):
            return word in NEWER_NAMES
        case ast.alias(name=word):
            return word in NEWER_NAMES
        case ast.keyword(arg=str(word)):
            return word in NEWER_KEYWORDS
    return False


@pytest.mark.parametrize(
    "code",
    ["time.time_ns()", "x.removeprefix('a')", "subprocess.run(a, text=True)", "zip(a, b, strict=True)", "shlex.join(a)",
     "from functools import cached_property"],
)  # fmt: skip
def test_the_check_itself_sees_what_is_newer(code):
    assert any(is_newer(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("name", MODULES)
def test_no_annotation_subscripts_a_builtin_type(name):
    """``list[str]`` in a signature is evaluated at import, and fails before 3.9."""
    found = [
        node.lineno
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"list", "dict", "tuple", "set", "frozenset", "type", "deque"}
    ]
    assert found == []


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_of_the_old_standard_library_or_of_the_package_itself(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        for imported in names:
            assert imported.split(".")[0] in sys.stdlib_module_names
            assert imported not in NEWER_MODULES
            assert imported not in {"__future__", "rpconsole"}


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_imported_later_than_at_the_start(name):
    """The file may be replaced while a job runs from it."""
    late = [
        inner.lineno
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert late == []
