"""The schema gate against real servers: what it passes, the release before has to live with."""
