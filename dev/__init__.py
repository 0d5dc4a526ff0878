"""What is for developing: the matrix of failures, the figures, what writes files of the package."""
