"""Apps of Azure's stand-in by their own names, over HTTPS."""

import ssl

import httpx
import pytest

from localcloud.azure.cloud import Azure


def test_a_name_has_a_certificate_and_leads_to_the_data_plane():
    with Azure() as azure:
        trust = ssl.create_default_context(cafile=str(azure.certificate))
        with httpx.Client(proxy=azure.names.url, verify=trust, trust_env=False, timeout=20) as client:
            assert client.get("https://nobody.azurewebsites.net/").status_code == 404  # the plane's own answer
            assert client.get("https://web.x.westeurope.azurecontainerapps.io/").status_code == 404
            with pytest.raises(httpx.ProxyError):
                client.get("https://example.com/")
