"""A subset of a VTN: grid operators' own clients publish to the station directly."""
