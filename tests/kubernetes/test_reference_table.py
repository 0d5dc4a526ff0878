"""Every field of every kind that looks like a reference is followed, or is harmless for a reason: a closed world."""

from __future__ import annotations

import base64
import json

import pytest

from bluegreen.kubernetes.manifests.coloring import color_manifests, dangling
from bluegreen.kubernetes.manifests.reference_table import ANNOTATIONS, HARMLESS, OBJECTS, TEXTS
from bluegreen.kubernetes.manifests.references import named_in
from localcloud.kubernetes.crds import SOURCES
from tests.kubernetes.reference_fields import fields_in, is_followed, unknown_in
from tests.kubernetes.test_references import refusal

LEAST_FIELDS = 2_000


def test_every_field_of_a_cluster_that_looks_like_a_reference_is_known(node):
    node.install_crds(*SOURCES)
    definitions = json.loads(node.kubectl("get", "--raw", "/openapi/v2"))["definitions"]
    found = list(fields_in(definitions))
    assert len(found) > LEAST_FIELDS
    assert unknown_in(definitions) == []
    kinds = {one.kind for one in found if is_followed(one)}
    assert {"Pod", "HTTPRoute", "VirtualService", "HTTPProxy", "IngressRoute", "Rollout", "PersistentVolume"} <= kinds


def test_a_field_of_which_nobody_knows_what_it_names_is_told():
    fields = {"widgetName": {"type": "string"}, "secretName": {"type": "string"}, "schedulerName": {"type": "string"}}
    gvk = [{"group": "example.org", "version": "v1", "kind": "Thing"}]
    spec = {"properties": fields}
    definitions = {"thing": {"x-kubernetes-group-version-kind": gvk, "properties": {"spec": spec}}}
    assert unknown_in(definitions) == ["example.org/v1 Thing spec.widgetName"]


def test_what_is_harmless_has_a_reason_and_is_in_no_table():
    assert all(HARMLESS.values())
    assert not HARMLESS.keys() & (TEXTS[""].keys() | OBJECTS[""].keys())


# -- what each of them says


def of(group, kind="Thing", metadata=None, **fields):
    return {
        "apiVersion": f"{group}/v1".lstrip("/"),
        "kind": kind,
        "metadata": {"name": "refers", "namespace": "shop", **(metadata or {})},
        **fields,
    }


def annotated(key, text):
    return of("networking.k8s.io", "Ingress", {"annotations": {key: text}})


def pods(**container):
    spec = {"template": {"spec": {"containers": [{"name": "web", **container}]}}}
    return of("apps", "Deployment", spec={"selector": {"matchLabels": {"app": "refers"}}, **spec})


def variable(name, value):
    return pods(env=[{"name": name, "value": value}])


ACTION = '{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"NAME","servicePort":80}]}}'
SAID = {
    "Traefik's middlewares": (
        "Middleware",
        lambda n: of("traefik.io", spec={"routes": [{"middlewares": [{"name": n}]}]}),
    ),
    "Traefik's chain": ("Middleware", lambda n: of("traefik.io", spec={"chain": {"middlewares": [{"name": n}]}})),
    "Traefik's options": ("TLSOption", lambda n: of("traefik.io", spec={"tls": {"options": {"name": n}}})),
    "Traefik's sign-in": ("Secret", lambda n: of("traefik.io", spec={"basicAuth": {"secret": n}})),
    "Traefik's roots": ("Secret", lambda n: of("traefik.io", spec={"rootCAsSecrets": [n]})),
    "Traefik's mirrors": ("Service", lambda n: of("traefik.io", spec={"mirroring": {"mirrors": [{"name": n}]}})),
    "a transport": ("ServersTransport", lambda n: of("traefik.io", spec={"services": [{"serversTransport": n}]})),
    "Contour's certificate": ("Secret", lambda n: of("projectcontour.io", spec={"tls": {"secretName": f"shop/{n}"}})),
    "Contour's authority": ("Secret", lambda n: of("projectcontour.io", spec={"validation": {"caSecret": n}})),
    "Contour's includes": ("HTTPProxy", lambda n: of("projectcontour.io", spec={"includes": [{"name": n}]})),
    "Contour's sign-in": (
        "ExtensionService",
        lambda n: of("projectcontour.io", spec={"authorization": {"extensionRef": {"name": n}}}),
    ),
    "Istio's whole host": (
        "Service",
        lambda n: of("networking.istio.io", spec={"http": [{"mirror": {"host": f"{n}.shop.svc.cluster.local"}}]}),
    ),
    "Istio's hosts": ("Service", lambda n: of("networking.istio.io", spec={"hosts": [n]})),
    "a sidecar's hosts": ("Service", lambda n: of("networking.istio.io", spec={"hosts": [f"./{n}.shop.svc"]})),
    "Istio's gateways": ("Gateway", lambda n: of("networking.istio.io", spec={"gateways": ["mesh", f"shop/{n}"]})),
    "Istio's delegate": ("VirtualService", lambda n: of("networking.istio.io", spec={"delegate": {"name": n}})),
    "Istio's certificate": ("Secret", lambda n: of("networking.istio.io", spec={"tls": {"credentialName": n}})),
    "a principal": (
        "ServiceAccount",
        lambda n: of("security.istio.io", spec={"source": {"principals": [f"cluster.local/ns/shop/sa/{n}"]}}),
    ),
    "Argo's Services": ("Service", lambda n: of("argoproj.io", spec={"blueGreen": {"activeService": n}})),
    "Argo's Ingresses": ("Ingress", lambda n: of("argoproj.io", spec={"nginx": {"stableIngresses": [n]}})),
    "Argo's analysis": ("AnalysisTemplate", lambda n: of("argoproj.io", spec={"templates": [{"templateName": n}]})),
    "Argo's arguments": (
        "Secret",
        lambda n: of("argoproj.io", spec={"args": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": n}}}]}),
    ),
    "KEDA's sign-in": (
        "TriggerAuthentication",
        lambda n: of("keda.sh", spec={"triggers": [{"type": "kafka", "authenticationRef": {"name": n}}]}),
    ),
    "a certificate's issuer": ("Issuer", lambda n: of("cert-manager.io", spec={"issuerRef": {"name": n}})),
    "a monitor's password": (
        "Secret",
        lambda n: of("monitoring.coreos.com", spec={"endpoints": [{"basicAuth": {"password": {"name": n}}}]}),
    ),
    "a Gateway's certificate": (
        "Secret",
        lambda n: of("gateway.networking.k8s.io", spec={"listeners": [{"tls": {"certificateRefs": [{"name": n}]}}]}),
    ),
    "a route's Gateway": ("Gateway", lambda n: of("gateway.networking.k8s.io", spec={"parentRefs": [{"name": n}]})),
    "a CSI driver's class": (
        "SecretProviderClass",
        lambda n: of("", spec={"volumes": [{"csi": {"volumeAttributes": {"secretProviderClass": n}}}]}),
    ),
    "a workflow": ("WorkflowTemplate", lambda n: of("argoproj.io", spec={"workflowTemplateRef": {"name": n}})),
    "a workflow's step": (
        "WorkflowTemplate",
        lambda n: of("argoproj.io", spec={"templates": [{"steps": [[{"templateRef": {"name": n, "template": "t"}}]]}]}),
    ),
    "a claim of devices": ("ResourceClaim", lambda n: of("", spec={"resourceClaims": [{"resourceClaimName": n}]})),
    "a class of pods": ("PriorityClass", lambda n: of("", spec={"priorityClassName": n})),
    "what endpoints are of": (
        "Service",
        lambda n: of("discovery.k8s.io", metadata={"labels": {"kubernetes.io/service-name": n}}),
    ),
    "a token's account": (
        "ServiceAccount",
        lambda n: of("", "Secret", metadata={"annotations": {"kubernetes.io/service-account.name": n}}),
    ),
    "cert-manager": ("Issuer", lambda n: annotated("cert-manager.io/issuer", n)),
    "nginx' sign-in": ("Secret", lambda n: annotated("nginx.ingress.kubernetes.io/auth-secret", f"shop/{n}")),
    "nginx' default": ("Service", lambda n: annotated("nginx.ingress.kubernetes.io/default-backend", n)),
    "nginx' sign-in elsewhere": (
        "Service",
        lambda n: annotated("nginx.ingress.kubernetes.io/auth-url", f"http://{n}.shop.svc.cluster.local:4180/auth"),
    ),
    "any secret": ("Secret", lambda n: annotated("example.org/tls-secret", n)),
    "several": ("ConfigMap", lambda n: annotated("configmap.reloader.stakater.com/reload", f"other, {n}")),
    "middlewares of an Ingress": (
        "Middleware",
        lambda n: annotated("traefik.ingress.kubernetes.io/router.middlewares", f"shop-{n}@kubernetescrd"),
    ),
    "an action": (
        "Service",
        lambda n: annotated("alb.ingress.kubernetes.io/actions.web", ACTION.replace("NAME", n)),
    ),
    "Google's backend": (
        "BackendConfig",
        lambda n: annotated("cloud.google.com/backend-config", f'{{"default":"{n}"}}'),
    ),
    "a pod's annotation": (
        "Secret",
        lambda n: of("apps", spec={"template": {"metadata": {"annotations": {"example.org/secret-name": n}}}}),
    ),
    "a URL": ("Service", lambda n: variable("BACKEND", f"http://{n}:8080/api?to=x")),
    "a URL with a user": ("Service", lambda n: variable("DB", f"postgres://shop:word@{n}.shop:5432/shop")),
    "a host": ("Service", lambda n: variable("REDIS_HOST", n)),
    "a host with a port": ("Service", lambda n: variable("CACHE_ADDR", f"{n}:6379")),
    "a whole name": ("Service", lambda n: variable("ANY", f"{n}.shop.svc.cluster.local")),
    "an argument": ("Service", lambda n: pods(args=["--upstream", f"--to=grpc://{n}:50051"])),
    "a command": ("Service", lambda n: pods(command=["sh", "-c", f"until nc -z {n}.shop.svc 80; do sleep 1; done"])),
    "a Service elsewhere": ("Service", lambda n: of("", "Service", spec={"externalName": f"{n}.shop.svc"})),
    "a trigger": (
        "Service",
        lambda n: of("keda.sh", spec={"triggers": [{"metadata": {"address": f"{n}.shop.svc:1"}}]}),
    ),
    "a webhook": ("Service", lambda n: of("example.org", spec={"hooks": [{"url": f"https://{n}/x"}]})),
    "a file": ("Service", lambda n: of("", "ConfigMap", data={"app.yaml": f"upstreams:\n- url: http://{n}/\n"})),
    "a secret file": ("Service", lambda n: of("", "Secret", stringData={"url": f"amqp://u:p@{n}:5672"})),
}


@pytest.mark.parametrize("name", SAID)
def test_it_is_found_and_follows(name):
    kind, make = SAID[name]
    assert (kind, "thing") in named_in(make("thing"))
    named = {"apiVersion": "example.org/v1", "kind": kind, "metadata": {"name": "thing"}}
    kinds = [kind, make("thing")["kind"]]
    split = color_manifests([named, make("thing")], "green", per_color_kinds=kinds)
    found = next(one for one in split.own if one["metadata"]["name"] == "refers-green")
    assert (kind, "thing-green") in named_in(found)
    assert (kind, "thing") not in named_in(found)


@pytest.mark.parametrize("name", SAID)
def test_it_would_dangle_where_only_the_other_is_the_colors_own(name):
    kind, make = SAID[name]
    named = {"apiVersion": "example.org/v1", "kind": kind, "metadata": {"name": "thing"}}
    refers = make("thing")
    split = color_manifests([named, refers], "green", per_color_kinds=[kind], shared=[f"{refers['kind']}/refers"])
    if refers["kind"] == kind:
        return
    assert (f"{refers['kind']}/refers", f"{kind}/thing") in dangling(split, [(kind, "thing")], [])


@pytest.mark.parametrize(
    "manifest",
    [
        variable("NAME", "thing"),
        variable("HOST", "thing"),
        variable("URL", "http://thing.elsewhere.svc:80"),
        variable("URL", "http://thing-else:80"),
        variable("URL", "http://thing.example.com"),
        variable("MAIL", "somebody@thing"),
        pods(args=["thing"]),
        of("", "ConfigMap", data={"host": "thing", "name": "thing"}),
        annotated("cert-manager.io/issuer", "elsewhere/thing"),
        annotated("traefik.ingress.kubernetes.io/router.middlewares", "other-thing@kubernetescrd"),
        of("networking.istio.io", spec={"hosts": ["thing.example.com", "thing.elsewhere.svc.cluster.local"]}),
        of("security.istio.io", spec={"source": {"principals": ["cluster.local/ns/elsewhere/sa/thing"]}}),
    ],
    ids=str,
)
def test_what_may_be_anything_or_is_elsewhere_stays(manifest):
    own = [
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": "thing"}}
        for kind in ("Service", "Middleware", "Issuer")
    ]
    kinds = ["Middleware", "Issuer", "ServiceAccount", manifest["kind"]]
    split = color_manifests([*own, manifest], "green", per_color_kinds=kinds)
    assert "thing-green" not in str(next(one for one in split.own if one["metadata"]["name"] == "refers-green"))


def test_an_address_of_productions_own_name_is_productions():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    caller = variable("URL", "http://web/")
    split = color_manifests([service, caller], "green", production=["web"])
    assert "http://web/" in str(split.own)
    assert "http://web-green/" in str(color_manifests([service, caller], "green").own)


@pytest.mark.parametrize(
    ("manifest", "follows"),
    [
        (variable("CACHE", "redis:6379"), True),
        (variable("CACHES", "redis:6379,other:6379,redis.shop:6379"), True),
        (pods(args=["--redis=redis:6379", "redis:6379"]), True),
        (of("", "ConfigMap", data={"redis.conf": "server redis:6379;\n"}), True),
        (of("", "Secret", data={"url": base64.b64encode(b"redis://redis:6379/0").decode()}), True),
        (of("", "Secret", data={"REDIS_HOST": base64.b64encode(b"redis").decode()}), True),
        (
            of("", "Secret", data={"key": base64.b64encode(bytes(range(256))).decode(), "no": "no base64", "n": None}),
            False,
        ),
        (variable("CACHE", "redis:6380"), False),
        (variable("CACHE", "my.redis:6379"), False),
        (pods(image="redis:6379"), False),
        (variable("CACHE", "redis:6379-alpine"), False),
        (variable("CACHE", "host:redis:6379"), False),
    ],
    ids=str,
)
def test_a_name_with_the_services_own_port_is_an_address(manifest, follows):
    spec = {"ports": [{"port": 6379}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "redis"}, "spec": spec}
    split = color_manifests([service, manifest], "green", per_color_kinds=[manifest["kind"]])
    found = next(one for one in split.own if one["metadata"]["name"] == "refers-green")
    assert ("redis-green" in f"{found} {decoded(found)}") is follows
    shared = color_manifests([service, manifest], "green", shared=[f"{manifest['kind']}/refers"])
    lost = dangling(shared, [("Service", "redis")], [], {"redis": [6379]})
    assert bool(lost) is follows


def decoded(secret):
    given = (secret.get("data") or {}).values() if secret["kind"] == "Secret" else ()
    return [base64.b64decode(one + "===").decode(errors="ignore") for one in given if one]


def test_endpoints_are_called_as_their_service():
    named = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": "db"}} for kind in ("Service", "Endpoints")]
    assert {one["metadata"]["name"] for one in color_manifests(named, "blue").own} == {"db-blue"}


@pytest.mark.parametrize("kind", ["Service", "Ingress"])
def test_a_colors_own_name_in_the_dns_is_refused(kind):
    note = {"external-dns.alpha.kubernetes.io/hostname": "shop.example.com"}
    one = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "web", "annotations": note}, "spec": {}}
    told = refusal([one], per_color_kinds=["Ingress"])
    assert f"blue.manifests {kind}/web metadata.annotations.external-dns.alpha.kubernetes.io/hostname" in told
    assert "external-dns" not in refusal([one], shared=[f"{kind}/web"])


def test_whoever_leads_to_a_colors_service_is_told_of_productions():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    entrance = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "it"}}
    assert "or name Service/shop, which is production's" in refusal(
        [service, {**entrance, "spec": {"backend": backend}}]
    )


def test_every_annotation_of_the_table_is_followed():
    for key, kind in ANNOTATIONS.items():
        assert (kind, "thing") in named_in(annotated(key, "thing"))


@pytest.mark.parametrize(
    ("said", "follows"),
    [
        ("db-0.db", "db-green-0.db-green"),
        ("db-0.db:5432,db-11.db:5432", "db-green-0.db-green:5432,db-green-11.db-green:5432"),
        ("postgres://u:w@db-0.db.shop.svc.cluster.local:5432/x", None),
        (
            "mongodb://db-0.db,db-1.db/?replicaSet=rs0",
            "mongodb://db-green-0.db-green,db-green-1.db-green/?replicaSet=rs0",
        ),
        ("db-0.db.elsewhere.svc", "db-0.db.elsewhere.svc"),
        ("db-0.other", "db-0.other"),
        ("release-1.2", "release-1.2"),
    ],
)
def test_pods_of_a_set_are_called_as_it_and_its_service(said, follows):
    """A StatefulSet's pods have names in the DNS of its headless Service."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "shop"}, "spec": {}}
    stateful = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop"}}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "refers", "namespace": "shop"}}
    split = color_manifests([service, stateful, {**settings, "data": {"DB_HOST": said, "any": f"at {said}"}}], "green")
    (found,) = (one for one in split.own if one["metadata"]["name"] == "refers-green")
    wanted = said.replace("db-0.db.shop", "db-green-0.db-green.shop") if follows is None else follows
    assert found["data"] == {"DB_HOST": wanted, "any": f"at {wanted}"}
