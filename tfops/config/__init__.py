"""Text becomes typed, once. Input: the files of a commit. Output: `ProjectConfig`, `EnvironmentConfig`.

Every mistake is collected and raised together as ConfigError, each with file, line and column.
Nothing here touches the disk or Git: files come through a `Tree`.
"""
