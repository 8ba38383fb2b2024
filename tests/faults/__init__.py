"""The fault campaign: seeded days of a station on which everything goes wrong, on a virtual clock, with real code on both sides."""
