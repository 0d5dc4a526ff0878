"""Everything that the plugin takes from the Pulumi SDK's private parts, and nothing else does.

Tested with the SDKs 3.250.0 and 3.272.0. Up to 3.271 the SDK lets one component be constructed after the other; each
``Construct`` has settings of its own (they are context variables), so the plugin does not wait.
"""

from __future__ import annotations

from pulumi.provider.server import ProviderServicer as ConstructServicer
from pulumi.resource import DependencyProviderResource
from pulumi.runtime import rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

TESTED_VERSIONS = ("3.250.0", "3.272.0")

CHANNEL_OPTIONS = _GRPC_CHANNEL_OPTIONS
UNKNOWN_TEXT: str = rpc.UNKNOWN
SIGNATURE_KEY: str = rpc._special_sig_key
SECRET_SIGNATURE: str = rpc._special_secret_sig
OUTPUT_SIGNATURE: str = rpc._special_output_value_sig
RESOURCE_SIGNATURE: str = rpc._special_resource_sig

__all__ = [
    "CHANNEL_OPTIONS",
    "OUTPUT_SIGNATURE",
    "RESOURCE_SIGNATURE",
    "SECRET_SIGNATURE",
    "SIGNATURE_KEY",
    "TESTED_VERSIONS",
    "UNKNOWN_TEXT",
    "ConstructServicer",
    "DependencyProviderResource",
    "engine_pb2",
    "engine_pb2_grpc",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
