"""A component's arguments, checked against its signature before any of its code looks at them."""
