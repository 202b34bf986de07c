"""Results against the truth: metrics, a standard set of shots, tables, reports, a study."""
