"""Pure text: configuration becomes the rendered root of a stack.

Input: `RootSpec`. Output: `RenderedRoot`, file name to text. Same input, same bytes; touches nothing.
"""
