"""A release: its number and date, what is handed out, and what it is compared with."""
