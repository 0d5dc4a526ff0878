import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import COLORS
from localcloud import loopback
from localcloud.hosts.sshd import Sshd
from tests.routers import (
    alb_workshop,
    api_gateway_workshop,
    argo_workshop,
    azure_workshop,
    beanstalk_workshop,
    cloud_dns_workshop,
    cloudfoundry_workshop,
    deployments_workshop,
    envoy_workshop,
    function_workshop,
    google_workshop,
    haproxy_workshop,
    kubernetes_weighted_workshop,
    kubernetes_workshop,
    lambda_workshop,
    nlb_workshop,
    profile_workshop,
    route53_workshop,
    scale_sets_workshop,
    slots_workshop,
    url_map_workshop,
)


@pytest.fixture(scope="session")
def alb(aws_env):
    return alb_workshop.build()


@pytest.fixture(scope="session")
def azure():
    with azure_workshop.running() as made:
        yield made


@pytest.fixture(scope="session")
def container_app(azure):
    return azure_workshop.build(azure, "contract")


@pytest.fixture
def slots():
    with slots_workshop.running() as made:
        yield made


@pytest.fixture
def beanstalk():
    with beanstalk_workshop.running() as made:
        yield made


@pytest.fixture
def profile():
    with profile_workshop.running() as made:
        made.put(ttl=0)
        yield made


@pytest.fixture
def gateway():
    with scale_sets_workshop.running() as made:
        yield made


@pytest.fixture
def run():
    with google_workshop.running(at_once=True) as made:
        yield google_workshop.build(made)


@pytest.fixture
def built_function():
    with google_workshop.running(at_once=True) as made:
        function = function_workshop.Function(made)
        function_workshop.build_both(function)
        yield function


@pytest.fixture
def balancer():
    with url_map_workshop.running(at_once=True) as made:
        yield url_map_workshop.build(made.google)


@pytest.fixture
def cloud_dns():
    with cloud_dns_workshop.running() as made:
        yield made


@pytest.fixture(scope="session")
def installing_app(azure):
    """Both colors' releases are there, as they are before any swap writes weights."""
    app = azure_workshop.shell(azure, "installing")
    router = ROUTERS.build(ROUTERS.parse(Fields(azure_workshop.installing_section(app), "router")))
    for color in COLORS:
        router.install(color)
    return app


@pytest.fixture
def cloudfoundry():
    with cloudfoundry_workshop.running() as made:
        yield made


@pytest.fixture(scope="session")
def host():
    with envoy_workshop.running() as made:
        yield made


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture(scope="session")
def haproxy():
    with haproxy_workshop.running() as made:
        yield made


@pytest.fixture(scope="session")
def function(aws_env):
    return lambda_workshop.build()


@pytest.fixture(scope="session")
def rest_api(aws_env):
    return api_gateway_workshop.build_rest()


@pytest.fixture(scope="session")
def http_api(aws_env):
    return api_gateway_workshop.build_http()


@pytest.fixture(scope="session")
def pods_of_both_colors(node):
    with kubernetes_workshop.with_pods(node, "routers") as made:
        yield made


@pytest.fixture(scope="session")
def weighted_objects(node):
    with kubernetes_weighted_workshop.attended(node, "contract") as made:
        yield made


@pytest.fixture(scope="session")
def rollout(node):
    with argo_workshop.running(node, "argo-contract") as made:
        yield argo_workshop.build(made, replicas=0)


@pytest.fixture(scope="session")
def nlb(aws_env):
    return nlb_workshop.build()


@pytest.fixture(scope="session")
def zone(aws_env):
    return route53_workshop.build()


@pytest.fixture(scope="session")
def by_codedeploy(cloud, aws_env):
    service = deployments_workshop.build(cloud.endpoint, eager=True)
    yield service
    service.aws.stop()


@pytest.fixture(scope="session")
def by_ecs(cloud, aws_env):
    service = deployments_workshop.build(cloud.endpoint, native=True, eager=True)
    yield service
    service.aws.stop()


class _Target(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Color", self.server.color)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def servers_of_both_colors():
    """A process-local HTTP server for each color, in the place of the tasks: their ports."""
    servers = {}
    for color in ("blue", "green"):
        server = loopback.Server(("127.0.0.1", 0), _Target)
        server.color = color
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers[color] = server
    yield {color: server.server_address[1] for color, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture
def target_servers():
    """For one test."""
    with servers_of_both_colors() as ports:
        yield ports
