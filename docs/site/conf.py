"""Sphinx's settings for the documentation site; `build_site.py` lays out the pages that it reads.

The built pages ask no foreign host for anything: furo uses the fonts of the reader's machine, the search
runs in the page over an index that is a script beside it, so it works from a USB stick too.
"""

from funis.version import VERSION

project = "funis"
author = "funis maintainers"
copyright = "2026, funis maintainers"  # noqa: A001  (the name that Sphinx reads)
release = version = VERSION

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]
# Blocks of a tutorial name the file that they are written to; Pygments has no such languages.
suppress_warnings = ["misc.highlighting_failure"]
pygments_style = "friendly"
pygments_dark_style = "native"
highlight_language = "none"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Source"]
# In docstrings the place of a type holds words ("one row per subject"), which lead nowhere and are meant to.
nitpick_ignore_regex = [("py:.*", ".*")]

html_theme = "furo"
html_title = "funis"
html_show_sourcelink = False
html_copy_source = False
# Summaries of what was found would be fetched page by page, which browsers refuse for files.
html_show_search_summary = False
html_last_updated_fmt = None
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
