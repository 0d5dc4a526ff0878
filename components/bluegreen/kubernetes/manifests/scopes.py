"""Whether an object is in a namespace or of the whole cluster: by its group and kind, never by the sound of a kind.

Kubernetes' own kinds are known; of a custom kind its definition says it, where that is among the manifests, else a
table of well-known ones, else the cluster itself, where it answers. What nobody knows is taken for one in a namespace,
as most are: the provider, which asks the cluster, leaves the namespace out where there is none, and a kind that sounds
like the cluster's is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_OWN: Mapping[str, str] = {
    "": "Namespace Node PersistentVolume",
    "admissionregistration.k8s.io": "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding "
    "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
    "ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "IPAddress IngressClass ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "policy": "PodSecurityPolicy",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "resource.k8s.io": "DeviceClass ResourceSlice",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
    # Custom kinds that many have.
    "argoproj.io": "ClusterAnalysisTemplate ClusterWorkflowTemplate",
    "cert-manager.io": "ClusterIssuer",
    "cilium.io": "CiliumClusterwideNetworkPolicy",
    "external-secrets.io": "ClusterExternalSecret ClusterPushSecret ClusterSecretStore",
    "gateway.networking.k8s.io": "GatewayClass",
    "generators.external-secrets.io": "ClusterGenerator",
    "karpenter.k8s.aws": "EC2NodeClass",
    "karpenter.sh": "NodeClaim NodePool",
    "keda.sh": "ClusterTriggerAuthentication",
    "kyverno.io": "ClusterCleanupPolicy ClusterPolicy",
    "postgresql.cnpg.io": "ClusterImageCatalog",
    "snapshot.storage.k8s.io": "VolumeSnapshotClass VolumeSnapshotContent",
}
_OF_THE_CLUSTER = frozenset((group, kind) for group, kinds in _OWN.items() for kind in kinds.split())
# Kubernetes' own groups, of which all kinds are known.
_OWN_GROUPS = frozenset(
    ["", "apps", "autoscaling", "batch", "policy"]
    + [
        f"{name}.k8s.io"
        for name in [
            "admissionregistration",
            "apiextensions",
            "apiregistration",
            "authentication",
            "authorization",
            "certificates",
            "coordination",
            "discovery",
            "events",
            "flowcontrol.apiserver",
            "internal.apiserver",
            "networking",
            "node",
            "rbac.authorization",
            "resource",
            "scheduling",
            "storage",
            "storagemigration",
        ]
    ]
)
Ask = Callable[[str], Mapping[str, bool]]


class Scopes:
    """The known scopes of some manifests.

    Args:
        manifests: definitions of custom kinds may be among them.
        ask: the kinds of an API version, and whether each is in a namespace, as the cluster has them; ``None`` where
            nobody can ask it.
    """

    def __init__(self, manifests: Iterable[Mapping[str, Any]], ask: Ask | None = None) -> None:
        self._ask = ask
        self._told: dict[str, Mapping[str, bool]] = {}
        self._defined: dict[tuple[str, str], bool] = {}
        for manifest in manifests:
            spec = manifest.get("spec")
            if manifest["kind"] == "CustomResourceDefinition" and isinstance(spec, Mapping):
                names = spec.get("names")
                kind = names.get("kind") if isinstance(names, Mapping) else None
                self._defined[str(spec.get("group")), str(kind)] = spec.get("scope") == "Cluster"

    def is_of_the_cluster(self, manifest: Mapping[str, Any]) -> bool:
        """Whether an object is in no namespace, as far as is known."""
        return self._known(manifest) is True

    def sounds_otherwise(self, manifest: Mapping[str, Any]) -> bool:
        """Whether the scope of an object is unknown whose kind sounds like one of the whole cluster."""
        sounds = str(manifest["kind"]).startswith("Cluster") and "namespace" not in manifest["metadata"]
        return sounds and self._known(manifest) is None

    def _known(self, manifest: Mapping[str, Any]) -> bool | None:
        group, kind = place = _place(manifest)
        if place in self._defined or place in _OF_THE_CLUSTER:
            return self._defined.get(place, True)
        if self._ask is None or group in _OWN_GROUPS:
            return None
        version = str(manifest["apiVersion"])
        if version not in self._told:
            self._told[version] = self._ask(version)
        namespaced = self._told[version].get(kind)
        return None if namespaced is None else not namespaced


def _place(manifest: Mapping[str, Any]) -> tuple[str, str]:
    return str(manifest["apiVersion"]).rpartition("/")[0], str(manifest["kind"])
