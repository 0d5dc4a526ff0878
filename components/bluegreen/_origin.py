"""Where the package comes from: a release writes it, and its schema and its archives say so."""

REPOSITORY = ""
"""A URL, such as ``https://github.com/acme/bluegreen``; empty until there was a release."""
