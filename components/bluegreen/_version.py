"""The version: of the package, of the plugin, and of the SDKs made from its schema."""

__version__ = "0.1.0"
