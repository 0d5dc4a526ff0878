"""A component's arguments, checked against what its signature declares before any of its code looks at them."""
