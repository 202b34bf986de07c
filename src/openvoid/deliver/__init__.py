"""New pixels -> a finished shot: composite, master, mattes, report."""
