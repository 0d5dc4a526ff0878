"""The connections of swaps and gates to their platforms, as every component and gate takes them."""

from __future__ import annotations

from typing import TypedDict


class AwsConnection(TypedDict, total=False):
    """The region and the credentials for calls of AWS; boto3's own chain has those that are absent.

    Attributes:
        region: such as ``eu-central-1``.
        profile: of the machine's AWS configuration.
        role_arn: a role that is assumed.
        external_id: the external id that the role's trust policy requires.
        endpoint_url: another address of all services.
    """

    region: str
    profile: str
    role_arn: str
    external_id: str
    endpoint_url: str


class AzureConnection(TypedDict, total=False):
    """Where and as whom Azure is called; what is absent is for the environment.

    Attributes:
        tenant_id: whose directory the identity is in.
        client_id: of a user-assigned managed identity, or a workload's.
        endpoint_url: another address of Azure Resource Manager, as sovereign clouds have it.
    """

    tenant_id: str
    client_id: str
    endpoint_url: str


class CloudFoundryConnection(TypedDict, total=False):
    """Where Cloud Foundry is called; as whom is for the environment.

    Attributes:
        api_url: the API's address, such as https://api.cf.example.com.
    """

    api_url: str


class GoogleConnection(TypedDict, total=False):
    """Where and as whom Google is called; what is absent is for the environment.

    Attributes:
        impersonate: a service account that the calls are made as, by its email address.
        endpoint_url: another address of the API, as a private endpoint or a region's own has it.
    """

    impersonate: str
    endpoint_url: str


class KubernetesConnection(TypedDict, total=False):
    """The cluster that is called; the official client's own default where it is absent.

    Attributes:
        kubeconfig: a path.
        context: a context of it.
    """

    kubeconfig: str
    context: str


class SshConnection(TypedDict, total=False):
    """The host of a proxy, where that is not the machine that runs ``pulumi``. Keys are a file's or an agent's.

    Attributes:
        host: the host's name or address, or what the user's own SSH configuration calls it. It is required.
        port: where its sshd listens. Default 22.
        username: who logs in. By default as the SSH configuration says, else who runs ``pulumi``.
        key_file: a private key's file, without a passphrase; one that has one is an agent's. The agent's keys by
            default, then the usual files.
        known_hosts: the file with the host's key. By default the user's own, ``~/.ssh/known_hosts``.
    """

    host: str
    port: int
    username: str
    key_file: str
    known_hosts: str
