"""The demo: a service is promoted from blue to green and back, under load, on this machine."""
