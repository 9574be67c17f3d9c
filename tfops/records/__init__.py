"""What is known, one frozen type per fact: what Git stores, what plans and states say, what the engine reports.

Nothing here opens a door to the outside, and nothing but each other and the standard library is imported. What Git
stores is read and written by `ledger/codec.py`.
"""
