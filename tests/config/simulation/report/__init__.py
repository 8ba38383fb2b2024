"""Tests of reports of simulations."""
