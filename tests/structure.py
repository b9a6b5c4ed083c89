"""Structure figures of the package, printed in CI and held to their bounds: python -m tests.structure."""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "screener"
P95_LINES, MEDIAN_LINES, MODULE_LINES = 40, 12, 480
# The one module that knows typer declares every option of every command; its length is theirs.
DECLARATIONS = "cli/app.py"


def function_lengths(tree: ast.Module) -> list[int]:
    """Lines of each function from its first statement after the docstring to its end."""
    lengths = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lengths.append((node.end_lineno or node.lineno) - body[0].lineno + 1)
    return lengths


def undocumented(tree: ast.Module) -> list[str]:
    """Public functions and classes without a docstring or, for functions, without a return annotation."""
    public = [
        node
        for parent in [tree, *(each for each in tree.body if isinstance(each, ast.ClassDef))]
        for node in parent.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    hidden = {
        node.name
        for parent in tree.body
        if isinstance(parent, ast.ClassDef) and parent.name.startswith("_")
        for node in parent.body
        if isinstance(node, ast.FunctionDef)
    }
    return [
        node.name
        for node in public
        if node.name not in hidden
        and (not ast.get_docstring(node) or (isinstance(node, ast.FunctionDef) and node.returns is None))
    ]


def main() -> int:
    trees = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    lengths = sorted(length for tree in trees.values() for length in function_lengths(tree))
    lines = {
        str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in sorted(PACKAGE.rglob("*.py"))
    }
    p95 = lengths[int(len(lengths) * 0.95)]
    median = statistics.median(lengths)
    missing = [f"{name}: {each}" for name, tree in trees.items() for each in undocumented(tree)]
    print(f"{len(lines)} modules, {sum(lines.values())} lines, longest {max(lines.values())} ({max(lines, key=lines.get)})")
    print(f"{len(lengths)} functions: median {median} lines, 95th percentile {p95}, longest {lengths[-1]}")
    print(f"public names without docstring or return type: {missing or 'none'}")
    longest = max(count for name, count in lines.items() if name != DECLARATIONS)
    return int(p95 > P95_LINES or median > MEDIAN_LINES or bool(missing) or longest > MODULE_LINES)


if __name__ == "__main__":
    sys.exit(main())
