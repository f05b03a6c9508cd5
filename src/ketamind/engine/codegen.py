"""From IR text to functions in memory, through LLVM; machine code is kept on disk for the next process.

The cache lies in KETAMIND_CACHE, or the user's cache folder. An entry is named by what it was made from (IR, LLVM,
processor) and carries a checksum: one that is damaged or foreign is made anew. Entries are written under another
name and then moved into place, so that two processes never read half of one.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

VERSION = "1"
"""Part of the name of each entry; raise it when the meaning of the machine code changes."""


def cache_folder() -> Path:
    """Where compiled code is kept between processes."""
    given = os.environ.get("KETAMIND_CACHE")
    if given:
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ketamind"
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ketamind"


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """The entry of that name, made and written if it is not there or is damaged."""
    path = cache_folder() / f"{name}.bin"
    try:
        data = path.read_bytes()
        if hashlib.sha256(data[32:]).digest() == data[:32]:
            return data[32:]
    except OSError:
        pass
    fresh = make()
    _write(path, hashlib.sha256(fresh).digest() + fresh)
    return fresh


def _write(path: Path, data: bytes) -> None:
    """Put a file in place as a whole; a folder that cannot be written only costs time later."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(temporary, path)
    except OSError:
        pass


def _llvm() -> Any:
    from llvmlite import binding

    return binding


@lru_cache(maxsize=1)
def lanes() -> int:
    """Doubles in a vector of this processor (KETAMIND_LANES overrides)."""
    given = os.environ.get("KETAMIND_LANES")
    if given in ("1", "2", "4", "8"):
        return int(given)
    binding = _llvm()
    has = binding.get_host_cpu_features()
    return 8 if has.get("avx512f") and has.get("avx512dq") else 4 if has.get("avx2") else 2


def _machine() -> Any:
    """This processor, for one use: an engine that is given it owns it."""
    binding = _llvm()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=2,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def load(text: str, names: tuple[str, ...]) -> tuple[dict[str, int], Any]:
    """Addresses of the functions of a piece of IR, and what must live for as long as they are called."""
    binding, machine = _llvm(), _machine()
    host = f"{VERSION} {binding.llvm_version_info} {binding.get_host_cpu_name()} {machine.triple}"
    host += binding.get_host_cpu_features().flatten()
    name = "kernel-" + hashlib.sha256((host + text).encode()).hexdigest()[:40]
    code = kept(name, lambda: _compile(text))
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {n: engine.get_function_address(n) for n in names}, engine


def _compile(text: str) -> bytes:
    binding, machine = _llvm(), _machine()
    module = binding.parse_assembly(text)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=1)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))
