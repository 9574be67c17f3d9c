"""A saved plan, read without the engine: its file becomes the parts of `show -json` that `engine/plan.py` reads.

`archive` takes the plan out of its zip, `wire` and `values` decode it, `layouts` says what each field is, `marks` what
is sensitive, `changes` puts it into the words of `show -json`, and `document` holds it all together. Nothing here
starts a process or writes a file. The format is internal to the engine: whatever isn't known ends with Unfamiliar,
and the caller asks the engine (docs/adr/0026-the-saved-plan-is-read.md).
"""
