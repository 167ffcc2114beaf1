"""The tab that works on a sound while it is heard, through the service's stream."""

import json
from html import escape
from importlib.resources import files
from string import Template

import gradio as gr

from speechgan.page.parts import Page

HTML = "static/live.html"


class LiveTab:
    """A microphone, or a file played as one, into the stream and out of the loudspeaker.

    `static/live.js` and `static/worklet.js` do it in the browser: what Gradio has for microphones
    sends half a second at a time, and would need ffmpeg to send it back.
    """

    title = "Live"

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def is_of_use(self) -> bool:
        """Whether there are models for it."""
        return bool(self._list_sounds())

    def show(self) -> None:
        """Puts its parts on the page that is being made."""
        template = Template(files(__package__).joinpath(HTML).read_text(encoding="utf-8"))
        gr.HTML(template.substitute(sounds=self._list_sounds()))

    def _list_sounds(self) -> str:
        """What a stream can make of a sound: its first message, as choices of a list."""
        models = self.page.models
        groups = {
            "Noise taken out": {
                name: {"model": name} for name in models.names("enhance", live=True)
            }
        } | {
            f"Another voice ({name})": {
                speaker.name: {"model": name, "target_speaker": speaker.name}
                for speaker in models.converter(name).speakers
            }
            for name in models.names("convert", live=True)
        }
        return "".join(
            f'<optgroup label="{escape(title)}">{_list_choices(choices)}</optgroup>'
            for title, choices in groups.items()
            if choices
        )


def _list_choices(choices: dict[str, dict[str, str]]) -> str:
    return "".join(
        f'<option value="{escape(json.dumps(wish))}">{escape(title)}</option>'
        for title, wish in choices.items()
    )
