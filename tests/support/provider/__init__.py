"""A Terraform provider for tests, in two versions, and the mirror that an engine installs it from.

`tfops/demo` keeps every real thing as a file in the folder that DEMO_WORLD names, so that a test can
look at the world itself. 2.0.0 raises the schema version of `demo_thing` and adds the type `demo_extra`.
"""
