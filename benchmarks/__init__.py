"""What a run of tutorials costs, and whether its verdicts are always the same."""
