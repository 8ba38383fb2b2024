"""The closed loop on a virtual clock: scenarios, bills, perfect foresight, comparisons, reports."""
