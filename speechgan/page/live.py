"""The tab for live sound, by the service's stream."""

from importlib.resources import files
from string import Template
from typing import Any

import gradio as gr

from speechgan.page.engine import describe, format_choices, list_graphs
from speechgan.page.parts import Page

HTML = "static/live.html"
PRIVATE = (
    "What is marked <q>in this browser</q> runs on the device that you look at this with: no sound "
    "leaves it. All else goes to the machine that serves this page, and comes back."
)
LACKING = (
    "The sound goes to the machine that serves this page, and comes back. Started once with "
    "<code>speechgan demo --browser-engine</code>, it also lets models run in this browser alone."
)


class LiveTab:
    """Sends a microphone, or a file played like one, through the stream to the loudspeaker.

    `static/live.js` and `static/worklet.js` do it in the browser: Gradio's own component sends half
    a second at a time, and would need ffmpeg for the way back.
    """

    title = "Live"

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def is_of_use(self) -> bool:
        """Whether models for it are served."""
        return bool(self._list_sounds())

    def show(self) -> None:
        """Adds its components to the page."""
        template = Template(files(__package__).joinpath(HTML).read_text(encoding="utf-8"))
        where = PRIVATE if self.page.engine else LACKING
        gr.HTML(template.substitute(sounds=self._list_sounds(), where=where))

    def _list_sounds(self) -> str:
        """The options of the list: the first messages of streams, as HTML."""
        models = self.page.models
        live = models.names("enhance", live=True)
        groups: dict[str, dict[str, dict[str, Any]]] = {}
        groups["Noise taken out"] = {name: {"model": name} for name in live}
        if self.page.engine:
            groups["Noise taken out, in this browser"] = {
                f"{name}, in this browser": {"browser": describe(name)}
                for name in list_graphs(models.names("enhance", live=True, shipped=True))
            }
        groups |= {
            f"Another voice ({name})": {
                speaker.name: {"model": name, "target_speaker": speaker.name}
                for speaker in models.converter(name).speakers
            }
            for name in models.names("convert", live=True)
        }
        return format_choices(groups)
