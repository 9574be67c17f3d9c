"""The shape of a change: few fields, three types for a stack, ten steps on one screen."""

import ast
from pathlib import Path

CHANGE = Path(__file__).parents[2] / "tfops/change"


def _classes() -> dict[str, ast.ClassDef]:
    trees = (ast.parse(path.read_text()) for path in sorted(CHANGE.glob("*.py")))
    return {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _function(module: str, name: str) -> ast.FunctionDef:
    tree = ast.parse((CHANGE / f"{module}.py").read_text())
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)


def _fields(node: ast.ClassDef) -> list[str]:
    return [one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]


def test_a_target_has_at_most_eight_fields() -> None:
    assert len(_fields(_classes()["Target"])) <= 8


def test_a_stack_is_a_spec_a_plan_or_a_result_and_none_forwards_to_what_it_wraps() -> None:
    classes = _classes()
    for name in ("StackSpec", "StackPlan", "StackResult"):
        fields = set(_fields(classes[name]))
        for function in (one for one in classes[name].body if isinstance(one, ast.FunctionDef)):
            [*_, last] = function.body
            value = last.value if isinstance(last, ast.Return) else None
            is_forwarding = (
                isinstance(value, ast.Attribute)
                and isinstance(value.value, ast.Attribute)
                and isinstance(value.value.value, ast.Name)
                and value.value.value.id == "self"
                and value.value.attr in fields
            )
            assert not is_forwarding, f"{name}.{function.name}"


def test_the_ten_steps_of_a_change_stand_on_one_screen_in_their_order() -> None:
    lines = (CHANGE / "story.py").read_text().splitlines()
    node = _function("story", "change")
    body = lines[node.lineno - 1 : node.end_lineno]
    steps = [int(line.rpartition("  # ")[2].split()[0]) for line in body if "  # " in line]
    assert steps == list(range(1, 11)) and len(body) <= 40


def test_nobody_below_the_snapshot_asks_git_again_for_what_it_has() -> None:
    """Those that read before the machine's lock, another environment's ledger, or write: see docs/adr/0024."""
    asking = {"read_present", "known_versions", "versions_of"}
    found = {
        path.name
        for path in CHANGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in asking
    }
    others = {"promotion.py", "surgery_recovery.py"}
    assert found == {"after_failed_checks.py", "invoke.py", "modules.py", "resuming.py", "snapshot.py"} | others
