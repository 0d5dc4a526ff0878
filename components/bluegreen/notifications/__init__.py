"""Notifications: people and programs that are told how a swap ended."""
