"""A stand-in for `pulumi-resource-aws`: a thin adapter from Pulumi's provider protocol to the AWS API.

It serves the resource types that this project's stacks use, under the property names that the pinned `pulumi_aws` SDK
sends (`properties.json`, generated from that SDK), and refuses everything else by name. It is meant to be no kinder
than the official plugin: the same autonames, defaults, replacements, waits, outputs and ids. It keeps no state: what
it answers comes from the API.

One thing differs, on purpose. `dnsName` of a load balancer is `127.0.0.1:<port>` where the endpoint is the local
cloud's emulator: the emulator's DNS names resolve nowhere, and that is the one address at which its load balancer
answers, so that a stack's url output can be opened.

| module | holds |
| --- | --- |
| `__main__`, `server` | start-up and the gRPC service |
| `wire` | protobuf values <-> Python values: unknowns, secrets, references |
| `table`, `generate`, `properties.json` | property names and types of the SDK |
| `model` | `ResourceType`, `P`: how a type is declared |
| `checker`, `differ`, `lifecycle` | the provider's behaviour, the same for every type |
| `driver` | the plugin without an engine, for tests |
| `session` | AWS clients, created when first needed |
| `services/` | one file a service (or part of one): declarations and the calls |

A further type is one `ResourceType` entry with create, read, update and delete functions in `services/`, a line in
`registry.py`, and `python -m localcloud.plugins.aws.generate` for its property table.
"""
