"""Modules of tfops don't import each other in a circle, nor for types alone."""

import graphlib

import grimp


def test_no_imports_go_round() -> None:
    graph = grimp.build_graph("tfops", exclude_type_checking_imports=False, cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(tuple(graphlib.TopologicalSorter(imported).static_order())) == len(imported)
