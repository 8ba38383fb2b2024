"""Deciding setpoints: the Pyomo model, its solution by HiGHS, its verification, and the ladder of fallbacks."""
