"""The stand-in for Google Cloud on this machine.

The calls that are allowed are Google's own: the discovery documents in the package `google-api-python-client`. What
then happens is played from Google's documentation, each rule with its page.
"""
