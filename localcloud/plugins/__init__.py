"""Stand-ins for the official provider plugins, for machines on which those cannot be downloaded."""
