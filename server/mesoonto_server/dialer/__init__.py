"""The dialer: opens connections to the engine for workers, and looks whether it is well."""
