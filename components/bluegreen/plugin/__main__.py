"""``python -m bluegreen.plugin ENGINE``: what the engine starts."""

from bluegreen.plugin.host import main

main()
