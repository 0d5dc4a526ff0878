"""Every call of a promotion and of a rollback goes wrong in every way, on the AWS emulator; outcomes are counted."""
