"""What stands in for Google Cloud on this machine.

What may be asked is Google's own: the discovery documents in the package `google-api-python-client`. What then happens
is played from Google's documentation, each rule with its page.
"""
