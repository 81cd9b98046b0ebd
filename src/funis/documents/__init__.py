"""A document of tables, figures and prose, and how it is drawn; knows no results."""
