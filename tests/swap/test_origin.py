"""The person or pipeline that updates, as the environment says it."""

from __future__ import annotations

from bluegreen.swap.marks import who
from bluegreen.swap.origin import origin

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REF": "refs/pull/17/merge",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "4",
    "GITHUB_ACTOR": "ada",
    "GITHUB_SHA": "c0ffee",
}
GITLAB = {
    "GITLAB_CI": "true",
    "GITLAB_USER_LOGIN": "ada",
    "CI_COMMIT_SHA": "c0ffee",
    "CI_MERGE_REQUEST_IID": "17",
    "CI_JOB_URL": "https://gitlab.com/acme/shop/-/jobs/4",
}


def test_a_job_on_github_says_who_started_it_of_what_and_where_it_runs():
    assert origin(GITHUB) == {
        "who": "ada",
        "commit": "c0ffee",
        "pull_request": "17",
        "run_url": "https://github.com/acme/shop/actions/runs/4",
    }


def test_a_push_has_no_pull_request_and_without_a_run_there_is_no_address():
    pushed = origin({**GITHUB, "GITHUB_REF": "refs/heads/main", "GITHUB_RUN_ID": ""})
    assert pushed == {"who": "ada", "commit": "c0ffee"}


def test_a_job_on_gitlab_says_the_same():
    assert origin(GITLAB) == {
        "who": "ada",
        "commit": "c0ffee",
        "pull_request": "17",
        "run_url": "https://gitlab.com/acme/shop/-/jobs/4",
    }


def test_whoever_updates_outside_of_a_pipeline_is_the_person_on_this_machine():
    assert origin({"GITHUB_ACTOR": "ada"}) == {"who": who()}


def test_what_the_environment_says_is_printable():
    assert origin({**GITHUB, "GITHUB_ACTOR": "ada\x1b[2J"})["who"] != "ada\x1b[2J"
