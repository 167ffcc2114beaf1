"""What the tabs of the page have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
from gradio.components import Component

from speechgan.page.visits import Visits
from speechgan.service.limits import Limits
from speechgan.service.models import Models


@dataclass(frozen=True)
class Page:
    """What all tabs share.

    Attributes:
        models: that visitors may choose from.
        limits: of what they bring.
        visits: who they are.
        jobs: how many recordings are worked on at a time.
        engine: folder of what runs models in the browser, see `speechgan.page.runtime`, or None.
    """

    models: Models
    limits: Limits
    visits: Visits
    jobs: int = 1
    engine: Path | None = None

    def add_recorder(self, label: str) -> gr.Audio:
        """A place for a recording: a file, or the microphone."""
        made = gr.Audio(label=label, type="filepath", editable=False, buttons=[])
        made.change(self.visits.note, made, queue=False, api_visibility="private")
        return made

    def run(
        self,
        button: gr.Button,
        work: Callable[..., Any],
        stop: gr.Button | None = None,
        *,
        inputs: Sequence[Component],
        outputs: Sequence[Component],
    ) -> None:
        """Does some work when a button is pressed, in the one line before all work.

        Args:
            button: that begins it.
            work: of the values of `inputs` to those of `outputs`, all at once or piece by piece.
            stop: button that ends it, or its waiting.
            inputs, outputs: parts of the page; progress is shown on the first output, and on the
                first that is HTML that the work was stopped.
        """
        event = button.click(
            work,
            inputs,
            outputs,
            concurrency_id="work",
            concurrency_limit=self.jobs,
            api_visibility="private",
            show_progress_on=outputs[0],
        )
        if stop is not None:
            # What still waits in the line is taken out of it by Gradio, which alone knows of it.
            stop.click(
                self.visits.stop,
                outputs=next(part for part in outputs if isinstance(part, gr.HTML)),
                cancels=[event],
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )


class Tab(Protocol):
    """One tab of the page.

    Attributes:
        title: what stands on it.
    """

    title: str

    def __init__(self, page: Page) -> None: ...

    @property
    def is_of_use(self) -> bool:
        """Whether there are models for it."""
        ...

    def show(self) -> None:
        """Puts its parts on the page that is being made."""
        ...


def player(label: str, **settings: Any) -> gr.Audio:
    """A player of an answer, which can be downloaded."""
    return gr.Audio(
        label=label, type="filepath", interactive=False, buttons=["download"], **settings
    )


def buttons(begin: str) -> tuple[gr.Button, gr.Button]:
    """What begins some work, and what ends it."""
    with gr.Row():
        return gr.Button(begin, variant="primary"), gr.Button("Stop")
