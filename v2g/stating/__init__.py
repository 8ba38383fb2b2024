"""State the problem: from the site, what is observed and what is expected, to arrays a planner understands."""
