"""The only doors to the outside: processes, Git, files, the environment, the clock.

Everything above asks here, so that the linter can name the right door to code that goes round it.
"""
