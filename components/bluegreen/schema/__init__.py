"""Schema compatibility: the losses of the live release by pending SQL migrations. Pure, but for sqlglot."""
