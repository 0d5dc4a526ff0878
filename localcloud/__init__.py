"""The local cloud: stands in for a cloud account on one machine.

`python -m localcloud up` starts it; `localcloud.cloud.LocalCloud` is the same for programs. Nothing here is part of the
`bluegreen` package: with a real account, none of it is needed.
"""
