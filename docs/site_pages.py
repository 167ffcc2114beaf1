"""Pages of the site that stand elsewhere in the repository: README, CONTRIBUTING, models' cards.

And the page's tab Live, with a model that runs in the reader's browser, in one of the guides.
"""

import re
from pathlib import Path
from string import Template
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from speechgan.page.engine import GRAPHS, RUNTIME, describe, format_choices, list_graphs
from speechgan.page.runtime import find_runtime

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "speechgan" / "page" / "static"
LIVE = "live/"
MODEL = "default"
MARK = "<!-- the tab Live -->"
"""What it takes the place of."""
LACKING = (
    "*This copy of the site was built where onnxruntime-web had not been fetched; "
    "`speechgan demo --browser-engine` fetches it.*"
)
MOVED = {
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "../../README.md": "../index.md",
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)]*)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds them."""
    pages = {"index.md": ROOT / "README.md", "contributing.md": ROOT / "CONTRIBUTING.md"}
    cards = sorted(ROOT.glob("speechgan/weights/*/card.md"))
    pages |= {f"models/{card.parent.name}.md": card for card in cards}
    for place, source in pages.items():
        files.append(File.generated(config, place, content=source.read_text(encoding="utf-8")))
    for place, source in _list_live().items():
        files.append(File.generated(config, LIVE + place, abs_src_path=str(source)))
    return files


def _list_live() -> dict[str, Path]:
    """What the tab Live needs on a site without a server; nothing where the engine is lacking."""
    runtime = find_runtime()
    if runtime is None:
        return {}
    scripts = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*.js")}
    engine = {f"{RUNTIME}{path.name}": path for path in runtime.iterdir()}
    model = {f"{GRAPHS}{name}.onnx": path for name, path in list_graphs([MODEL]).items()}
    return {**scripts, "page.css": STATIC / "page.css", **engine, **model}


def _show_live(page: Any) -> str:
    """The tab as HTML in a page of the site."""
    if find_runtime() is None:
        return LACKING
    base = "../" * page.url.count("/") + LIVE
    sounds = format_choices({"In this browser": {MODEL: {"browser": describe(MODEL, base)}}})
    template = Template((STATIC / "live.html").read_text(encoding="utf-8"))
    tab = template.substitute(sounds=sounds, where="No sound leaves the device that you look at.")
    head = f'<link rel="stylesheet" href="{base}page.css">'
    return f'{head}\n{tab}\n<script type="module" src="{base}live.js"></script>'


def on_page_markdown(markdown: str, *, files: Files, page: Any, **_: Any) -> str:
    """Links lead to pages of the site; of files that are on none, the name is left."""
    here = page.file.src_uri
    generated = here in ("index.md", "contributing.md")

    def lead(match: re.Match[str]) -> str:
        image, text, target = match.groups()
        path, _, anchor = target.partition("#")
        name = path.removeprefix("../") if here.count("/") == 0 else path
        name = name.removeprefix("docs/") if generated else name
        name = MOVED.get(name, name)
        if here.count("/") or files.get_file_from_path(name):
            return f"{image}[{text}]({name}{'#' * bool(anchor)}{anchor})"
        return f"`{text}`" if "`" not in text else text

    markdown = LINK.sub(lead, markdown)
    return markdown.replace(MARK, _show_live(page)) if MARK in markdown else markdown
