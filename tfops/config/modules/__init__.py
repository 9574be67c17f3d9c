"""What modules say about themselves, read from their HCL and JSON files: variables, outputs, resources, moves.

Input: a module's files, as they were exported from a commit or as `init` put them. Output: interfaces, types,
JSON Schemas, protections, override files. Nothing runs; what can't be parsed is left to the engine.
"""
