"""Schema compatibility: what pending SQL migrations take away from the release that is live. Pure, but for sqlglot."""
