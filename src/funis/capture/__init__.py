"""The capture server: a study file becomes a trial system in a browser.

Doors: `serve.prepare` and `serve.run` (the command ``funis serve``), `exchange.export.export_study`,
`trail.verify.verify_trail`. Every other part is asked by the pages. The server stays blind: it imports no
results, no analysis and no report.
"""
