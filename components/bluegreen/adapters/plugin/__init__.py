"""The plugin: components and swaps for Pulumi programs in any language, served to the engine over gRPC."""
