"""The documentation site. `make docs` builds it from the package alone, with no network and no warnings."""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from tools.api_page import api_page  # noqa: E402
from tools.bibliography import bibliography_page  # noqa: E402
from tools.command_page import command_page  # noqa: E402
from tools.evidence_pages import evidence_pages  # noqa: E402
from tools.execute import Place, with_results  # noqa: E402
from tools.model_pages import model_pages  # noqa: E402

from ketamind import __version__  # noqa: E402

GENERATED = HERE / "reference" / "made"
TIMES = "tutorial-times.json"
FIELD = re.compile(r"^(\w+) +: +(\S.*)$")

project = "ketamind"
author = "The ketamind developers"
copyright = "The ketamind developers, Apache-2.0"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["tools", "figures/README.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "literal"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
nitpicky = False
suppress_warnings = ["config.cache"]

html_theme = "pydata_sphinx_theme"
html_title = "ketamind"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = dict.fromkeys(("index", "start", "path", "contributing"), ())
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "back_to_top_button": False,
    "logo": {"text": "ketamind"},
}


def write_generated(app: Any) -> None:
    """Write the pages that are made from the package; a page that has not changed is not touched."""
    pages = {
        **model_pages(),
        **evidence_pages(),
        "bibliography": bibliography_page(),
        "commands": command_page(),
        "python": api_page(),
    }
    for name, text in pages.items():
        path = GENERATED / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def run_tutorial(app: Any, docname: str, source: list[str]) -> None:
    """Run the code of a tutorial, and note how long it took."""
    if not docname.startswith(("start", "tutorials/")) or docname == "tutorials/index":
        return
    name = docname.rpartition("/")[2]
    pictures = HERE / "figures" / "made"
    link = "../figures/made" if "/" in docname else "figures/made"
    work = Path(app.doctreedir).parent / "work" / name
    source[0], seconds = with_results(source[0], Place(work, pictures, link, name))
    path = Path(app.outdir) / TIMES
    times = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**times, name: round(seconds, 1)}), encoding="utf-8")


def list_fields(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Lines of the form `name : meaning` become a list, their continuations part of the same item."""
    found: list[str] = []
    for line in lines:
        if match := FIELD.match(line):
            found += ["", f"- ``{match[1]}``: {match[2]}"]
        elif found and found[-1].startswith("- ``") and line.startswith("  "):
            found[-1] += f" {line.strip()}"
        else:
            found += ([""] if found and found[-1].startswith("- ``") else []) + [line]
    lines[:] = found


def setup(app: Any) -> dict[str, Any]:
    """Hook the generated pages and the tutorials into the build."""
    app.connect("builder-inited", write_generated)
    app.connect("source-read", run_tutorial)
    app.connect("autodoc-process-docstring", list_fields)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
