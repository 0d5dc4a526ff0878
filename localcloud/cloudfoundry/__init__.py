"""Cloud Foundry on this machine: the part of its API (v3) and of its UAA that a blue-green deployment calls.

with CloudFoundry() as cloud:
    cloud.url          # the API and the UAA
    cloud.requests     # where requests to the routes go, by their `Host`

What may be requested is in `described.toml`, taken from the published OpenAPI file of the API and its pages;
`description` enforces it, `api` plays it, and names the page of each rule. Apps are processes of the sample app, and
Envoy takes turns over all instances that a route leads to, as Cloud Foundry's own router does.
"""
