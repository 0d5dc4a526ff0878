"""A stand-in for `pulumi-resource-gcp`: from Pulumi's provider protocol to Google's APIs.

The real one is bridged from Google's Terraform provider. Of a type no more is written by hand than a line in `types`:
its calls, the places of its identifier, what cannot be changed. The names and types of its inputs and outputs are those
of the pinned SDK, their names on the wire those of Google's discovery document (`generate`, `properties.json`).

It keeps no state, and is meant to be no kinder than the official plugin: an update sends the whole object without a
mask, and with it what a program ignores or leaves to Google, as the state has it.
"""
