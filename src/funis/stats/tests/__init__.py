"""Tests of one and two samples, of counts, by rank and by permutation; adjusted P values."""
