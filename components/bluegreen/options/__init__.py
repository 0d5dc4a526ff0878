"""Each option of a gate, a metric source or a notifier is declared once, in the class that uses it."""
