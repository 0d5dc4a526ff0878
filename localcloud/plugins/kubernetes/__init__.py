"""A stand-in for `pulumi-resource-kubernetes`: a thin adapter from Pulumi's provider protocol to the Kubernetes API.

It serves every kind of the API and every custom resource, under the property names that the pinned `pulumi_kubernetes`
SDK sends (`properties.json`, generated from that SDK), and refuses any other by name. It is meant to be no kinder than
the official plugin: the same names, replacements, waits, outputs, ids, field managers and failures.
It keeps no state: what it answers comes from the API server.

As with the official plugin, an object is created by a plain POST (what exists already is an error) and changed by
server-side apply under a field manager of its own, which first takes over what the POST wrote. A field that the inputs
do not have, and that another manager owns, is neither a difference nor written: an autoscaler's replicas, a Service's
selector that a swap sets.

What differs, on purpose: unknown names are refused before a write and by the API server itself (`fieldValidation` is
Strict), where the official plugin lets some of them be dropped. Not served: rendering to a directory, Kustomize.
With `enableServerSideApply` off, an update is a JSON merge patch for every kind.

| module | holds |
| --- | --- |
| `server` | the gRPC service |
| `settings`, `connection`, `cluster` | configuration, kubeconfigs, the API calls |
| `objects`, `state`, `quantities` | objects as dicts, what is kept of them, what means the same |
| `table`, `generate`, `properties.json` | property names of the SDK |
| `checker`, `differ`, `replacing` | what is refused, what is a change, what replaces |
| `lifecycle`, `writing`, `ownership`, `removing` | the life of an object |
| `awaits/` | what each kind is waited for |
| `functions`, `manifests`, `construct`, `helm/` | YAML and charts |
| `driver` | the plugin without an engine, for tests |
"""
