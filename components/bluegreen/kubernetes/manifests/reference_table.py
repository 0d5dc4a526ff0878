"""The fields, annotations and labels that name other objects, with the objects' kinds. Data alone.

A test walks what a cluster says of its kinds (its OpenAPI) for fields that look like references: each of them is found
by this table or by the endings in ``references``, or is harmless for a reason that stands here.
"""

from __future__ import annotations

from collections.abc import Mapping


def _of(kind: str, fields: str) -> dict[str, str]:
    return dict.fromkeys(fields.split(), kind)


TEXTS: Mapping[str, Mapping[str, str]] = {
    "": {
        **_of("ServiceAccount", "serviceAccount"),
        **_of("PriorityClass", "priorityClassName"),
        **_of("RuntimeClass", "runtimeClassName"),
        **_of("StorageClass", "storageClassName"),
        **_of("VolumeAttributesClass", "volumeAttributesClassName"),
        **_of("IngressClass", "ingressClassName"),
        **_of("GatewayClass", "gatewayClassName"),
        **_of("DeviceClass", "deviceClassName"),
        **_of("ResourceClaim", "resourceClaimName"),
        **_of("ResourceClaimTemplate", "resourceClaimTemplateName"),
        **_of("PersistentVolume", "volumeName persistentVolumeName"),
        **_of("SecretProviderClass", "secretProviderClass"),
        **_of("VolumeSnapshot", "volumeSnapshotName"),
        **_of("VolumeSnapshotClass", "volumeSnapshotClassName"),
        **_of("Secret", "credentialName credentialNames existingSecret existingSecretName"),
        **_of("ConfigMap", "existingConfigmap"),
        **_of("Endpoints", "endpoints endpointsName"),
    },
    "admissionregistration.k8s.io": _of("ValidatingAdmissionPolicy", "policyName"),
    "argoproj.io": {
        **_of("Ingress", "ingress ingresses stableIngress stableIngresses"),
        **_of("TraefikService", "weightedTraefikServiceName"),
        **_of("TrafficSplit", "trafficSplitName"),
        **_of("AnalysisTemplate", "templateName"),
    },
    "networking.istio.io": _of("Gateway", "gateways"),
    "traefik.io": {**_of("Secret", "secret"), **_of("ServersTransport", "serversTransport")},
}
"""By the API group, ``""`` for any: a field whose text is a name, or which is a list of such texts."""

OBJECTS: Mapping[str, Mapping[str, str]] = {
    "": {
        **_of("Secret", "imagePullSecrets secrets certificateRefs clientCertificateRef"),
        **_of("Service", "backendRef backendRefs services"),
        **_of("Deployment", "scaleTargetRef"),
        **_of("Gateway", "parentRefs gatewayRef"),
        **_of("ClusterTrustBundle", "clusterTrustBundle"),
        **_of("PriorityLevelConfiguration", "priorityLevelConfiguration"),
        **_of("Issuer", "issuerRef"),
        **_of("SecretStore", "secretStoreRef"),
        **_of("TriggerAuthentication", "authenticationRef"),
    },
    "argoproj.io": {
        **_of("VirtualService", "virtualService virtualServices"),
        **_of("DestinationRule", "destinationRule"),
        **_of("WorkflowTemplate", "templateRef workflowTemplateRef"),
        **_of("ApisixRoute", "route"),
        **_of("VirtualNode", "canaryVirtualNodeRef stableVirtualNodeRef"),
    },
    "monitoring.coreos.com": _of("Secret", "username password credentials"),
    "networking.istio.io": _of("VirtualService", "delegate"),
    "projectcontour.io": {
        **_of("HTTPProxy", "include includes"),
        **_of("ExtensionService", "extensionRef extensionService"),
        **_of("Secret", "clientCertificate fallbackCertificate"),
    },
    "traefik.io": {
        **_of("Middleware", "middlewares"),
        **_of("Service", "mirroring mirrors"),
        **_of("TLSOption", "options"),
        **_of("TLSStore", "store"),
    },
}
"""The same of a field whose value is an object with ``name``, or a list of such; its own ``kind`` counts first."""

HOSTS: Mapping[str, frozenset[str]] = {
    "networking.istio.io": frozenset({"host", "hosts"}),
    "security.istio.io": frozenset({"hosts", "notHosts"}),
}
"""By the API group: fields whose texts are names of Services in the DNS, short or whole."""

ANNOTATIONS: Mapping[str, str] = {
    **_of("BackendConfig", "cloud.google.com/backend-config beta.cloud.google.com/backend-config"),
    **_of("Certificate", "cert-manager.io/inject-ca-from"),
    **_of("ClusterIssuer", "cert-manager.io/cluster-issuer"),
    **_of("ConfigMap", "configmap.reloader.stakater.com/reload nginx.ingress.kubernetes.io/custom-headers"),
    **_of("ConfigMap", "nginx.ingress.kubernetes.io/auth-proxy-set-headers"),
    **_of("FrontendConfig", "networking.gke.io/v1beta1.FrontendConfig"),
    **_of("Issuer", "cert-manager.io/issuer"),
    **_of("KongIngress", "konghq.com/override"),
    **_of("KongPlugin", "konghq.com/plugins"),
    **_of("ManagedCertificate", "networking.gke.io/managed-certificates"),
    **_of("Middleware", "traefik.ingress.kubernetes.io/router.middlewares"),
    **_of("Secret", "cert-manager.io/inject-ca-from-secret secret.reloader.stakater.com/reload"),
    **_of("ServersTransport", "traefik.ingress.kubernetes.io/service.serverstransport"),
    **_of("Service", "nginx.ingress.kubernetes.io/default-backend kubernetes.io/service-name"),
    **_of("Service", "endpoints.kubernetes.io/service-name"),
    **_of("ServiceAccount", "kubernetes.io/service-account.name"),
    **_of("TLSOption", "traefik.ingress.kubernetes.io/router.tls.options"),
}
"""Annotations and labels that name objects: one, or several with commas between them, each ``name`` or ``ns/name``."""

_HARMLESS = {
    "a name within the object itself, or of a part of it": """
        add args analyses claims containerName containers cookie cookieRewritePolicies devices dimensions
         env ephemeralContainers extraVolumeMounts extraVolumes filter filterChain firstAvailable forNodes
        forZones fromHeaders group header headers http httpCookie httpHeaders httpHeaderName httpQueryParameterName
        initContainers jwtProviders listener listeners match matchConditions managedRoutes metric metricName metrics
        name parameterName port portName ports queryParameter queryParams requestHeaderName requests resourceClaims
         responseHeadersToAdd routeConfiguration scopes sectionName servers set setHeaderRoute
        setMirrorRoute subFilter subsets tagName targetContainerName templates variables
        versions vhost volumeDevices volumeMounts volumes webhooks headerName canarySubsetName
        stableSubsetName domainName datasetName canaryConfigName containerResource route""",
    "an address, a host or a certificate's subject, no object": """
         externalName host hosts serverName sslHost subjectAltNames subjectName
        subjectNames targetHost """,
    "of the node or of the machine, not of the cluster": """
        diskName driverName gmsaCredentialSpecName initiatorName nodeName os options pdName pool
        runAsUserName schedulerName schedulingGates shareName signerName storagePolicyName sysctls
        drivers sharedCounters cluster""",
    "what a program or a controller calls itself or its class": """
        classNames controllerName extendedResourceName filterClass loadBalancerClass pluginName plugin provider
        providers""",
    "an account of another system": """
        configurationAccountName metricsAccountName storageAccountName user""",
    "a field or a resource, not an object": """
        additionalPrinterColumns resource resourceAttributes resourceName resourceNames
        scopeName shortNames specRef """,
    "what the cluster itself writes": """
        currentVolumeAttributesClassName targetVolumeAttributesClassName involvedObject regarding related
        boundObjectRef parentRef""",
    "of a kind that another object says": "paramRef",
}
HARMLESS: Mapping[str, str] = {field: reason for reason, fields in _HARMLESS.items() for field in fields.split()}
"""Fields that look like references and name no object of a set of manifests, with the reason."""
