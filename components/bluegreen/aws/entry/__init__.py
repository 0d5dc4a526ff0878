"""How requests reach the colors: one entry a file, each made by a function of ``bluegreen.aws``."""
