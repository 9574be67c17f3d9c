"""Results become text for people (rich) or JSON for programs.

Input: a result or an error. Output: a renderable or a string; nothing is printed, nothing is read.
Times are shown relative to a `now` that is handed in.
"""
