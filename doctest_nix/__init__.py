"""Run the code blocks of Nix tutorials, unmodified, in throwaway containers."""

__version__ = "0.1.0"
