"""Pages of the site that stand elsewhere in the repository: README, CONTRIBUTING, models' cards."""

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)]*)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds them."""
    pages = {"index.md": ROOT / "README.md", "contributing.md": ROOT / "CONTRIBUTING.md"}
    cards = sorted(ROOT.glob("speechgan/weights/*/card.md"))
    pages |= {f"models/{card.parent.name}.md": card for card in cards}
    for place, source in pages.items():
        files.append(File.generated(config, place, content=source.read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, files: Files, page: Any, **_: Any) -> str:
    """Links lead to pages of the site; of files that are on none, the name is left."""
    here = page.file.src_uri
    generated = here in ("index.md", "contributing.md")

    def lead(match: re.Match[str]) -> str:
        image, text, target = match.groups()
        path, _, anchor = target.partition("#")
        name = path.removeprefix("../") if here.count("/") == 0 else path
        name = name.removeprefix("docs/") if generated else name
        name = {"CONTRIBUTING.md": "contributing.md", "README.md": "index.md"}.get(name, name)
        if here.count("/") or files.get_file_from_path(name):
            return f"{image}[{text}]({name}{'#' * bool(anchor)}{anchor})"
        return f"`{text}`" if "`" not in text else text

    return LINK.sub(lead, markdown)
