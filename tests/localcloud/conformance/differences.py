"""Tests of the stand-in whose outcome over Pulumi's own plugin is another one, and why that stays."""

from __future__ import annotations

_STRICTER = "the stand-in refuses what the SDK cannot send; the plugin leaves it to the API server, or drops it"
_BY_APPLY = (
    "this plugin creates by server-side apply, which takes over what is there; newer ones, as the SDK's, by a POST"
)
DIFFERENCES: dict[str, str] = {
    f"test_kubernetes_plugin_{name}": reason
    for name, reason in {
        "checks::test_names_that_the_sdk_does_not_send_are_refused": _STRICTER,
        "helm::test_what_helm_or_the_plugin_refuses": _STRICTER,
        "objects::test_a_life_under_a_manager_of_its_own": _BY_APPLY,
        "objects::test_what_exists_already_fails_a_create_but_not_its_preview": _BY_APPLY,
        "checks::test_unknown_settings_and_functions_are_refused": "the stand-in serves no kustomize",
        "checks::test_an_unreachable_cluster_warns_in_previews_and_fails_writes": (
            "the stand-in warns of an unreachable cluster from the first check on; this plugin when a call fails"
        ),
        "awaits::test_a_claim_waits_to_be_bound": (
            "of a claim whose storage class does not exist this plugin's failed create keeps no state"
        ),
        "awaits::test_custom_resources_wait_for_what_they_say": "this plugin words otherwise what it waits for",
        "helm::test_a_release_through_its_life": ("this plugin's checked inputs of a release do not name the objects"),
    }.items()
}
"""By the test's file and name, with all or just one of its parameters."""
