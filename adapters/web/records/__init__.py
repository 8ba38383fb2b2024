"""What was: results, forecasts against what came, the audit log, ended visits and signals."""
