"""Random histories of an environment, and every way back through them, held against a model that knows who is who."""
