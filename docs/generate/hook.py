"""The hook of MkDocs: gives it the sources and the generated pages, and fills in the navigation."""

from __future__ import annotations

from docs.generate import navigation, reference, sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

_ICON = "server/mesoonto_server/web/static/icon.svg"


def on_config(config: MkDocsConfig) -> None:
    """Fill in the navigation, and give headings the anchors that they have in the repository."""
    config.nav = navigation.filled(config.nav or [])
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put files in the place of those of docs_dir that are named from the root of the repository."""
    found = Files([file for file in files if file.src_dir != config.docs_dir])
    own = [
        f"docs/{file.src_uri}"
        for file in files
        if file.src_dir == config.docs_dir and not file.src_uri.startswith("generate/")
    ]
    for name in dict.fromkeys((*own, *sources.linked(), _ICON)):
        where = "assets/icon.svg" if name == _ICON else sources.place(name)
        found.append(
            File(
                name,
                str(sources.ROOT),
                config.site_dir,
                config.use_directory_urls,
                dest_uri=where,
                inclusion=InclusionLevel.INCLUDED,
            )
        )
    for page in reference.PAGES:
        file = File.generated(config, f"docs/{page.name}", content=reference.markdown(page))
        file.dest_uri = sources.place(file.src_uri)
        found.append(file)
    return found


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Add the reference, which is nowhere but in the site, to the first page."""
    return markdown + reference.overview() if page.file.src_uri == "docs/index.md" else markdown


#: What the theme leaves without a name of its own for screen readers, and what it becomes.
_NAMED = {
    ' role="dialog">': ' role="dialog" aria-label="Search">',
    '<nav class="md-path" aria-label="Navigation"': '<nav class="md-path" aria-label="Path"',
}


def on_post_page(output: str, **_: object) -> str:
    """Name parts of the theme for screen readers."""
    for before, after in _NAMED.items():
        output = output.replace(before, after)
    return output
