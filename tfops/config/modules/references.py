"""What an expression refers to, by its tokens: `var.x`, `data.type.name`; in templates and heredocs too."""

from tfops.config.modules.tokens import Token, tokens

Reference = tuple[str, ...]
"""`("var", "x", "y")` for `var.x.y` and for `var.x["k"].y` up to the bracket."""


def references(text: str) -> set[Reference]:
    """Every chain of names, but for those that begin with a loop's own name. Raises ValueError for what is no HCL.

    A function of a provider counts as `("provider",)`. A name by itself refers to nothing but a loop's own.
    """
    found = [token for token in tokens(text) if token.kind not in ("newline", "comment")]
    words = [text[token.start : token.end] for token in found]
    own = _loop_names(found, words)
    chains = {_chain(found, words, index) for index, token in enumerate(found) if _begins(found, words, index, token)}
    return {chain for chain in chains if chain and chain[0] not in own}


def _begins(found: list[Token], words: list[str], index: int, token: Token) -> bool:
    before = words[index - 1] if index else ""
    return token.kind == "name" and before not in (".", "::") and index + 1 < len(found)


def _chain(found: list[Token], words: list[str], index: int) -> Reference:
    following = words[index + 1]
    if following == "::":
        return ("provider",)
    if following not in (".", "["):
        return ()
    chain = [words[index]]
    while index + 2 < len(found) and words[index + 1] == "." and found[index + 2].kind == "name":
        chain.append(words[index + 2])
        index += 2
    return tuple(chain)


def _loop_names(found: list[Token], words: list[str]) -> set[str]:
    """`k` and `v` of `for k, v in …`, be it an expression or a template."""
    own = set[str]()
    for index, word in enumerate(words):
        if word == "for" and found[index].kind == "name":
            names = words[index + 1 : index + 5]
            own.update(names[: names.index("in")] if "in" in names else ())
    return own - {","}
