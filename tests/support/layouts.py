"""Files in every layout that Terraform's language allows: what they declare must be found, however it is written."""

_BYTE_ORDER_MARK = "\ufeff"

# What each file holds, with its own name in the place of NAME.
DECLARED = """\
variable "v_NAME" { default = "x" }
resource "terraform_data" "keep_NAME" {
  input = 1
  lifecycle { prevent_destroy = true }
}
moved {
  from = terraform_data.old_NAME
  to   = terraform_data.keep_NAME
}
output "o_NAME" { value = var.v_NAME }
"""

_LOCALS = {
    "template_over_lines": '"${\n    var.v_NAME\n  }"',
    "template_with_a_condition": '"x${ var.v_NAME == "x"\n ? 1\n : 2 }y"',
    "template_with_an_object": '"x${ join(",", [for k, v in {\n a = 1\n b = 2\n} : k]) }y"',
    "trimmed_template": '"x ${~ var.v_NAME ~} y"',
    "directive_over_lines": '"%{ if var.v_NAME\n == "x" }a%{ else }b%{ endif }"',
    "texts_in_texts": '"a${"b${"}"}"}\\"d"',
    "escapes": '["\\" $${x} %%{y} \\u00e9 \\\\", "$", "a$$b", "%", "$${", "$$${var.v_NAME}"]',
    "comments_in_a_list": '[1, # one }\n  2, // two "\n 3 /* { */ ]',
    "comments_in_an_object": '{ # c\n x = 1 # "\n /* y */ y = 2\n // z\n }',
    "comments_between_operators": "1 /* c */ + /* d\n more */ 2",
    "comments_in_parentheses": "( # c\n 1 // d\n + 2)",
    "comment_at_the_end": "1 /* x\n y */",
    "nested_loops": '{ for k in ["a"] :\n  k => merge([\n for j in ["b"] : {\n (j) = k\n }\n ]...)\n }',
    "loops_over_lines": "{ for k, v in {a=1} :\n k\n =>\n v }",
    "loops_with_comments": '{\n # c\n for x in ["a"] : x => 1 # d\n # e\n }',
    "condition_over_lines": '(\n var.v_NAME == "x"\n ? 1\n : 2\n )',
    "attribute_on_the_next_line": "([{ a = 1 }][0]\n .a)",
    "index_on_the_next_line": "[1][\n 0\n ]",
    "commas_on_their_own": "[\n 1\n ,\n 2\n ]",
    "all_kinds_of_keys": '{(var.v_NAME) = 1, "b" : 2, c : 3, d = 4,}',
    "heredoc_with_brackets": '<<EOT\n x } " { ( $ $$ % $${x} %%{y} \\" $\nEOT',
    "heredoc_with_templates": '<<EOT\n x ${ join("",[\n "EOT",\n "}"\n]) } {{{ "\nEOT',
    "heredoc_with_directives": '<<-EOT\n  %{ for x in ["}"] ~}\n  ${x}\n  %{ endfor ~}\n  EOT',
    "heredoc_in_a_heredoc": "<<EOT\n ${ <<IN\n inner }\nIN\n }\nEOT",
    "heredoc_in_a_call": 'upper(<<-EOT\n   x } " \n   EOT\n  )',
    "heredoc_whose_end_is_indented": '<<EOT\n   x } " \n   EOT',
    "other_line_separators": '"\u65e5\u672c \u2028 \u0085"',
}

_WHOLE = {
    "byte_order_mark": _BYTE_ORDER_MARK + DECLARED,
    "byte_order_mark_and_crlf": _BYTE_ORDER_MARK + DECLARED.replace("\n", "\r\n"),
    "crlf": DECLARED.replace("\n", "\r\n"),
    "tabs": DECLARED.replace(" ", "\t"),
    "comments_first": "/* a */ // b\n# c\n/* d */ " + DECLARED,
    "comments_before_labels": DECLARED.replace('"terraform_data" "', '/* { */ "terraform_data" /* b */ "'),
    "comments_before_equals": DECLARED.replace("{ prevent_destroy =", "{\n prevent_destroy /* b */ = /* c */").replace(
        "true }", "true # d\n}"
    ),
    "bare_labels": DECLARED.replace('"v_NAME"', "v_NAME").replace('"terraform_data" "', "terraform_data ").replace(
        'keep_NAME" {', "keep_NAME {"
    ),
    "protected_in_parentheses": DECLARED.replace("{ prevent_destroy = true }", "{\n prevent_destroy = (\n true )\n }"),
    "names_in_any_script": DECLARED.replace("v_NAME", "v_gr\u00f6\u00dfe_NAME") + "locals {\n  \u03c0 = 3.14\n}\n",
    "combined_characters": DECLARED.replace("v_NAME", "v_u\u0308_NAME"),
    "no_line_end": DECLARED + "locals { a_NAME = [1,\n 2] }\n# end",
}  # fmt: skip


def layouts() -> dict[str, str]:
    """Layout to file; all of them can lie in one folder. `DECLARED` says what each holds."""
    with_locals = {name: f"{DECLARED}locals {{\n  l_NAME = {expression}\n}}\n" for name, expression in _LOCALS.items()}
    return {name: text.replace("NAME", name) for name, text in (with_locals | _WHOLE).items()}
