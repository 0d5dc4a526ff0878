"""The types that the stand-in serves: which operation of Azure's API each of them is made by.

All else is generated: see `generate`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Declared:
    """A type.

    Attributes:
        package: where its operations are described.
        group: the operations' group there.
        write: the operation that creates and updates it.
        read: the one that reads it.
        delete: the one that deletes it; none where it is a part of another resource, and is emptied.
    """

    package: str
    group: str
    write: str = "create_or_update"
    read: str = "get"
    delete: str = "delete"


TYPES = {
    "azure-native:app:ContainerApp": Declared("azure-mgmt-appcontainers", "ContainerApps"),
    "azure-native:app:ManagedEnvironment": Declared("azure-mgmt-appcontainers", "ManagedEnvironments"),
    "azure-native:compute:VirtualMachineScaleSet": Declared("azure-mgmt-compute", "VirtualMachineScaleSets"),
    "azure-native:monitor:AutoscaleSetting": Declared("azure-mgmt-monitor", "AutoscaleSettings"),
    "azure-native:network:ApplicationGateway": Declared("azure-mgmt-network", "ApplicationGateways"),
    "azure-native:network:LoadBalancer": Declared("azure-mgmt-network", "LoadBalancers"),
    "azure-native:network:PublicIPAddress": Declared("azure-mgmt-network", "PublicIPAddresses"),
    "azure-native:network:Subnet": Declared("azure-mgmt-network", "Subnets"),
    "azure-native:network:VirtualNetwork": Declared("azure-mgmt-network", "VirtualNetworks"),
    "azure-native:resources:ResourceGroup": Declared("azure-mgmt-resource", "ResourceGroups"),
    "azure-native:trafficmanager:Profile": Declared("azure-mgmt-trafficmanager", "Profiles"),
    "azure-native:web:AppServicePlan": Declared("azure-mgmt-web", "AppServicePlans"),
    "azure-native:web:WebApp": Declared("azure-mgmt-web", "WebApps"),
    "azure-native:web:WebAppSlot": Declared(
        "azure-mgmt-web", "WebApps", "create_or_update_slot", "get_slot", "delete_slot"
    ),
    "azure-native:web:WebAppSlotConfigurationNames": Declared(
        "azure-mgmt-web", "WebApps", "update_slot_configuration_names", "list_slot_configuration_names", ""
    ),
}

MADE_UP = {
    "azure-native:app:ContainerApp": "containerAppName",
    "azure-native:app:ManagedEnvironment": "environmentName",
    "azure-native:compute:VirtualMachineScaleSet": "vmScaleSetName",
    "azure-native:monitor:AutoscaleSetting": "autoscaleSettingName",
    "azure-native:network:ApplicationGateway": "applicationGatewayName",
    "azure-native:network:LoadBalancer": "loadBalancerName",
    "azure-native:network:PublicIPAddress": "publicIpAddressName",
    "azure-native:network:Subnet": "subnetName",
    "azure-native:network:VirtualNetwork": "virtualNetworkName",
    "azure-native:resources:ResourceGroup": "resourceGroupName",
    "azure-native:trafficmanager:Profile": "profileName",
    "azure-native:web:AppServicePlan": "name",
    "azure-native:web:WebApp": "name",
    "azure-native:web:WebAppSlot": "slot",
}
"""The name that is made up where a program gives none: the resource's own, with eight hexadecimal digits."""
