"""A stand-in for Azure on one machine.

What can be read from Azure, by which verb, URL, api-version and with which types, is Microsoft's own: `description`
reads it from the client packages that Microsoft generates from its API descriptions. What then happens is played here,
from Microsoft's documentation: each rule has its page's address beside it.
"""
