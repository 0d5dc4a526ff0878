"""Clients of the platforms' APIs, shared by routers, capacity and gates. No Pulumi here."""
