"""What the engine runs of this folder: the plugin, with every component and the swap."""

from __future__ import annotations

from bluegreen.adapters.plugin.host import main

if __name__ == "__main__":
    main()
