"""Facts as one Arrow file, so that an engine's workers can map them into memory instead of each holding a copy."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.grading.arrays import Dates, Facts, Standards
from screener.measures.cells import Panel

# Parts of the facts, in the order in which they are built again.
PARTS: Mapping[str, Callable[..., Any]] = {"panel": Panel, "dates": Dates, "standards": Standards}
# What only the driver needs.
LEFT_OUT = {"panel.symbols": (), "standards.plans": ()}

Arrays = dict[str, npt.NDArray[Any]]


def write_facts(facts: Facts, sink: pa.NativeFile, more: Mapping[str, object]) -> None:
    """Write `facts` to `sink` as one record batch of one row, a list a column; `more` (for JSON) beside them."""
    arrays, rest = split_facts(facts)
    shapes = {name: list(each.shape) for name, each in arrays.items()}
    columns = {name: listed(each) for name, each in arrays.items()}
    meta = {"shapes": json.dumps(shapes), "rest": json.dumps(rest), "more": json.dumps(more)}
    table = pa.record_batch(columns).replace_schema_metadata(meta)
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_batch(table)


def read_facts(source: pa.NativeFile) -> tuple[Facts, Mapping[str, Any]]:
    """(the facts, what was written beside them), without a copy where the source is mapped into memory."""
    batch = pa.ipc.open_file(source).get_batch(0)
    meta = {key.decode(): json.loads(value) for key, value in batch.schema.metadata.items()}
    arrays = {
        name: batch.column(name).values.to_numpy(zero_copy_only=False).reshape(shape) for name, shape in meta["shapes"].items()
    }
    return join_facts(arrays, meta["rest"]), meta["more"]


def listed(values: npt.NDArray[Any]) -> pa.Array:
    """An array of any shape as a column of one row, a list."""
    flat = pa.array(np.ascontiguousarray(values).ravel())
    return pa.LargeListArray.from_arrays(pa.array([0, len(flat)], type=pa.int64()), flat)


def split_facts(facts: Facts) -> tuple[Arrays, dict[str, Any]]:
    """(arrays by name, everything else by name)."""
    named = {each.name: getattr(facts, each.name) for each in dataclasses.fields(facts) if each.name not in PARTS}
    for part in PARTS:
        whole = getattr(facts, part)
        named |= {f"{part}.{each.name}": getattr(whole, each.name) for each in dataclasses.fields(whole)}
    kept = {name: value for name, value in named.items() if name not in LEFT_OUT}
    arrays = {name: value for name, value in kept.items() if isinstance(value, np.ndarray)}
    return arrays, {name: value for name, value in kept.items() if name not in arrays}


def join_facts(arrays: Mapping[str, npt.NDArray[Any]], rest: Mapping[str, Any]) -> Facts:
    """The facts from what `split_facts` gave, without what LEFT_OUT names."""
    values: dict[str, Any] = {**LEFT_OUT, **arrays}
    values |= {name: tuple(each) if isinstance(each, list) else each for name, each in rest.items()}
    parts = {part: build(**_under(f"{part}.", values)) for part, build in PARTS.items()}
    return Facts(**parts, **{name: value for name, value in values.items() if "." not in name})


def _under(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
