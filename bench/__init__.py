"""Measurements of whole processes; nothing here is a test, and CI runs none of it."""
