"""How requests reach the colors: one file a way, each behind the protocol in ``base.py``."""
