"""Capacity: scales a color up before traffic and down after."""
