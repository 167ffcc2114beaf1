"""Common parts of the page's tabs."""

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
    """Objects that all tabs share.

    Attributes:
        models: that visitors may choose from.
        limits: of uploads.
        visits: the present visitors.
        jobs: most recordings that are processed at a time.
        engine: folder of the browser's engine, see `speechgan.page.runtime`, or None.
    """

    models: Models
    limits: Limits
    visits: Visits
    jobs: int = 1
    engine: Path | None = None

    def add_recorder(self, label: str) -> gr.Audio:
        """Adds an input for a recording: a file, or the microphone."""
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
        """Runs some work when a button is pressed, in the queue of all work.

        Args:
            button: that starts it.
            work: from the values of `inputs` to those of `outputs`, at once or as a generator.
            stop: button that stops it, or removes it from the queue.
            inputs, outputs: components; progress is shown on the first output, and the message that
                the work was stopped on the first that is HTML.
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
            # Gradio removes work that is still in its queue (`cancels`).
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
        title: its label.
    """

    title: str

    def __init__(self, page: Page) -> None: ...

    @property
    def is_of_use(self) -> bool:
        """Whether models for it are served."""
        ...

    def show(self) -> None:
        """Adds its components to the page."""
        ...


def player(label: str, **settings: Any) -> gr.Audio:
    """A player of a result, which can be downloaded."""
    return gr.Audio(
        label=label, type="filepath", interactive=False, buttons=["download"], **settings
    )


def buttons(begin: str) -> tuple[gr.Button, gr.Button]:
    """The buttons that start and stop some work."""
    with gr.Row():
        return gr.Button(begin, variant="primary"), gr.Button("Stop")
