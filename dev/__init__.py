"""Programs for developing: the matrix of failures, the figures, the writers of generated files."""
