"""The measures of the house, printed in CI and held to their bounds: python -m tests.structure."""

from __future__ import annotations

import ast
import graphlib
import statistics
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "screener"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Measure → the most that is allowed; the least for what is marked so.
BOUNDS = {
    "internal imports a module": 5.4,
    "imports of our own inside functions": 10,
    "import cycles": 0,
    "modules in one folder": 20,
    "lines of a module": 490,
    "function lines, median": 8,
    "function lines, 95th percentile": 25,
    "function lines, longest": 55,
    "public names without docstring or type": 0,
}
LEAST = {"test lines a source line": 0.48}


def module_name(path: Path) -> str:
    """`screener.room.file` of a path; a room's `__init__` is the room."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(tree: ast.AST, known: set[str]) -> set[str]:
    """Our own modules that `tree` imports, in functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{each.name}" for each in node.names} | {node.module}
    return {each for each in found & known if not any(other.startswith(each + ".") for other in found & known)}


def inner_imports(tree: ast.AST) -> int:
    """Imports of our own inside functions."""
    inside = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom) and (inner.module or "").split(".")[0] == "screener"
    }
    return len(inside)


def function_lengths(tree: ast.AST) -> list[int]:
    """Lines of each function from its first statement after the docstring to its end."""
    lengths = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lengths.append((node.end_lineno or node.lineno) - body[0].lineno + 1)
    return lengths


def undocumented(tree: ast.Module) -> list[str]:
    """Public functions and classes without a docstring or, for functions, without a return annotation."""
    holders = [tree, *(each for each in tree.body if isinstance(each, ast.ClassDef) and not each.name.startswith("_"))]
    public = [
        node
        for holder in holders
        for node in holder.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    return [
        node.name
        for node in public
        if not ast.get_docstring(node) or (isinstance(node, ast.FunctionDef) and node.returns is None)
    ]


def count_cycles(edges: dict[str, set[str]]) -> int:
    """How many import cycles there are: circles are cut one by one until none is left."""
    edges, found = {name: set(targets) for name, targets in edges.items()}, 0
    while True:
        try:
            graphlib.TopologicalSorter(edges).prepare()
        except graphlib.CycleError as error:
            circle = error.args[1]
            print("cycle:", " > ".join(reversed(circle)))
            edges[circle[1]].discard(circle[0])
            found += 1
        else:
            return found


def measure() -> dict[str, float]:
    """Every measure by its name."""
    texts = {path: path.read_text("utf-8") for path in MODULES}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    known = {module_name(path) for path in MODULES}
    edges = {module_name(path): imported_modules(tree, known) - {module_name(path)} for path, tree in trees.items()}
    lengths = sorted(length for tree in trees.values() for length in function_lengths(tree))
    source_lines = sum(len(text.splitlines()) for text in texts.values())
    test_lines = sum(len(path.read_text("utf-8").splitlines()) for path in (ROOT / "tests").rglob("*.py"))
    return {
        "modules": len(MODULES),
        "lines": source_lines,
        "internal imports a module": round(sum(map(len, edges.values())) / len(edges), 2),
        "imports of our own inside functions": sum(map(inner_imports, trees.values())),
        "import cycles": count_cycles(edges),
        "modules in one folder": max(Counter(path.parent for path in MODULES if path.name != "__init__.py").values()),
        "lines of a module": max(len(text.splitlines()) for text in texts.values()),
        "function lines, median": statistics.median(lengths),
        "function lines, 95th percentile": lengths[int(len(lengths) * 0.95)],
        "function lines, longest": lengths[-1],
        "public names without docstring or type": sum(len(undocumented(tree)) for tree in trees.values()),
        "test lines a source line": round(test_lines / source_lines, 2),
    }


def main() -> int:
    """Print the measures beside their bounds; 1 where one is broken."""
    measured, broken = measure(), 0
    for name, value in measured.items():
        over = value > BOUNDS.get(name, value) or value < LEAST.get(name, value)
        bound = f"≤ {BOUNDS[name]}" if name in BOUNDS else f"≥ {LEAST[name]}" if name in LEAST else ""
        print(f"{name:45}{value:>10}  {bound:10}{'BROKEN' if over else ''}")
        broken += over
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
