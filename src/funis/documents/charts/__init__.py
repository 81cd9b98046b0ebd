"""Charts drawn here: the small part of Vega-Lite that the figures of a report are made of.

A figure is a specification that holds its data and computes nothing. Most need no more than a few marks over
two scales, and are drawn in a hundredth of the time that an engine of all of Vega needs to start. What a
specification asks beyond that part is found before anything is drawn; the engine draws such a figure.
"""
