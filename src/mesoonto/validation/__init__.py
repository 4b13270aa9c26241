"""Checks records against SHACL shapes and tells a curator what to mend."""
