"""Between any two calls of a swap somebody else acts: what the swap then does, and what the next update does.

In one process, on a clock that is turned by hand: the memory world, and every router and capacity against a stand-in of
its platform's API.
"""
