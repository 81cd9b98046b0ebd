"""People: accounts, roles, what each role may do where.

Doors: `permissions.ACTIONS` (the one table), `access.asks` (every page names its action), `accounts`.
"""
