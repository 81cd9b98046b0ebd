"""From results to a document: the tables, figures and words of the trial report."""
