"""Google Cloud: the router ``cloud_run``, for swaps that a program declares itself."""
