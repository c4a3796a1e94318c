"""Migrate RST sites to MyST and prove that every page still renders the same."""
