"""Tests of the stand-in whose outcome over Pulumi's own plugin is another one, and why that stays."""

from __future__ import annotations

_STRICTER = "the stand-in refuses what the SDK cannot send; the plugin leaves it to the API server"
DIFFERENCES: dict[str, str] = {
    "test_kubernetes_plugin_checks::test_names_that_the_sdk_does_not_send_are_refused": _STRICTER,
    "test_kubernetes_plugin_checks::test_unknown_settings_and_functions_are_refused": (
        "the stand-in serves no kustomize"
    ),
    "test_kubernetes_plugin_checks::test_an_unreachable_cluster_warns_in_previews_and_fails_writes": (
        "the stand-in warns of an unreachable cluster from the first check on; this plugin says it where a call fails"
    ),
}
"""By the test's file and name, with all or just one of its parameters."""
