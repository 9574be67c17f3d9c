"""What each field of a saved plan is, in format version 3, as the compared versions of Terraform write it.

A field that isn't here is unfamiliar, in any message. Source: `planfile.proto` of Terraform 1.11 and 1.15, held
against `show -json` by tests/e2e/test_saved_plans.py.
"""

from collections.abc import Mapping

from tfops.engine.planfile.wire import Layout, number, part, parts, passed, text

VERSION = 3

PLAN: Layout = {
    1: number("version"),
    2: passed("variables"),
    3: parts("resource_changes"),
    4: parts("output_changes"),
    5: passed("targets"),
    13: passed("backend"),
    14: text("engine_version"),
    15: passed("relevant_attributes"),
    16: passed("forced_replacements"),
    17: number("mode"),
    18: parts("resource_drift"),
    19: passed("check_results"),
    20: number("errored"),
    21: passed("timestamp"),
    22: passed("function_results"),
    25: number("applyable"),
    26: number("complete"),
    28: passed("variables_at_apply"),
    30: parts("action_invocations"),
    32: passed("action_targets"),
}
RESOURCE_CHANGE: Layout = {
    7: text("deposed"),
    8: passed("provider"),
    9: part("change"),
    10: passed("private"),
    11: parts("replace_paths"),
    12: number("reason"),
    13: text("address"),
    14: text("previous_address"),
}
CHANGE: Layout = {
    1: number("action"),
    2: parts("values"),
    3: parts("before_sensitive"),
    4: parts("after_sensitive"),
    5: part("importing"),
    6: passed("generated_config"),
    7: passed("before_identity"),
    8: passed("after_identity"),
}
OUTPUT_CHANGE: Layout = {1: text("name"), 2: part("change"), 3: number("sensitive")}
VALUE: Layout = {1: part("msgpack")}
PATH: Layout = {1: parts("steps")}
STEP: Layout = {1: text("attribute"), 2: part("key")}
IMPORTING: Layout = {1: text("id"), 2: number("is_unknown"), 3: part("identity")}
ACTION_INVOCATION: Layout = {
    1: text("address"),
    2: passed("provider"),
    4: part("config"),
    5: parts("sensitive"),
    6: part("by_resource"),
    7: part("by_hand"),
}
BY_RESOURCE: Layout = {1: text("address"), 2: number("event"), 3: number("block"), 4: number("place")}

NORMAL, DESTROY, REFRESH_ONLY = range(3)

NO_OP, CREATE, READ, UPDATE, DELETE, DELETE_THEN_CREATE, CREATE_THEN_DELETE, FORGET = 0, 1, 2, 3, 5, 6, 7, 8
ACTIONS: Mapping[int, tuple[str, ...]] = {
    NO_OP: ("no-op",),
    CREATE: ("create",),
    READ: ("read",),
    UPDATE: ("update",),
    DELETE: ("delete",),
    DELETE_THEN_CREATE: ("delete", "create"),
    CREATE_THEN_DELETE: ("create", "delete"),
    FORGET: ("forget",),
}
REASONS: Mapping[int, str] = {
    0: "",
    1: "replace_because_tainted",
    2: "replace_by_request",
    3: "replace_because_cannot_update",
    4: "delete_because_no_resource_config",
    5: "delete_because_wrong_repetition",
    6: "delete_because_count_index",
    7: "delete_because_each_key",
    8: "delete_because_no_module",
    9: "replace_by_triggers",
    10: "read_because_config_unknown",
    11: "read_because_dependency_pending",
    12: "delete_because_no_move_target",
    13: "read_because_check_nested",
}
EVENTS: Mapping[int, str] = {
    1: "BeforeCreate",
    2: "AfterCreate",
    3: "BeforeUpdate",
    4: "AfterUpdate",
    5: "BeforeDestroy",
    6: "AfterDestroy",
}
