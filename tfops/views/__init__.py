"""What commands return, and how it looks: a module per subject, with its results and their text.

Input: facts or an error. Output: a renderable for people or a string of JSON for programs; nothing is printed, nothing
is read. Times are shown relative to a `now` that is handed in. rich is imported when the first line is drawn.
"""
