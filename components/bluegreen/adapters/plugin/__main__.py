"""``python -m bluegreen.adapters.plugin ENGINE``: what the engine starts."""

from bluegreen.adapters.plugin.host import main

main()
