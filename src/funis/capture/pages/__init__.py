"""The pages: they ask the other rooms of the server, and no other room asks them.

Door: `addresses.PAGES`, every page with its address.
"""
