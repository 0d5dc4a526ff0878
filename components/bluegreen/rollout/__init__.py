"""The pure core: model, planner and runner. Standard library only; no cloud and no Pulumi."""
