"""A stand-in for `pulumi-resource-azure-native`: from Pulumi's provider protocol to Azure Resource Manager.

Nothing of a resource type is written here but which operation makes it (`types`): what can be sent, where it stands in
a body, what cannot be changed and what comes back is generated from the pinned SDK and from Microsoft's description
(`generate`, `properties.json`). It keeps no state, and is meant to be no kinder than the official plugin: it refuses to
create what exists, sends the whole object with every update, also what a program ignores, and waits as long as Azure
works.
"""
