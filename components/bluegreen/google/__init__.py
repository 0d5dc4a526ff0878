"""Google Cloud. Components come here; the router ``cloud_run`` serves swaps that you declare yourself."""
