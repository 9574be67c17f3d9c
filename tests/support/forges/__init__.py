"""Small servers that behave as the forges' APIs do: state, pages, limits, scopes, refusals, and trouble on request."""
