"""The AWS services behind the types: declarations (`TYPES`), lookups (`INVOKES`), and the calls of both."""
