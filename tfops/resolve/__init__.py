"""Pure decisions: branch to environment, words to version, facts to refusals.

Input: configuration and facts that were read before. Output: a decision and its reason in words.
Touches nothing.
"""
