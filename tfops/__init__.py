"""GitOps for Terraform without a server: a commit becomes a running environment, and goes back.

The folders are the stages that a command passes, from the top of the import order to its bottom:
`cli` parses and shows, `commands` has a module per command, `change` is what every change of an environment takes,
`resolve`, `render`, `engine`, `ledger` and `views` each do one kind of work, `config` turns text into types, `system`
holds the only doors to processes, Git, files, the environment and the clock. `records` are the facts that all know.
"""

__version__ = "0.1.0"
