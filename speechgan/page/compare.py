"""The tab that enhances one recording by several models."""

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from speechgan.page.exhibits import draw_pictures, format_scores, load_excerpts, score
from speechgan.page.parts import Page, buttons, player
from speechgan.page.recordings import accept
from speechgan.page.visits import BAR, plain_errors, report
from speechgan.utils.errors import SpeechganError


class CompareTab:
    """Enhances a noisy recording by each of several models."""

    title = "Compare"

    def __init__(self, page: Page) -> None:
        self.page = page
        self.names = page.models.names("enhance")

    @property
    def is_of_use(self) -> bool:
        """Whether models for it are served."""
        return bool(self.names)

    def show(self) -> None:
        """Adds its components to the page."""
        with gr.Row():
            with gr.Column():
                recording = self.page.add_recorder("Noisy recording")
                models = gr.CheckboxGroup(self.names, label="Models", value=self.names)
                begin, stop = buttons("Compare")
            with gr.Column():
                # Players cannot be added later, so each model has one from the beginning.
                players = [player(name, visible=False) for name in self.names]
                scores = gr.HTML()
        pictures = gr.HTML()
        self.page.run(
            begin,
            self.compare,
            stop,
            inputs=[recording, models],
            outputs=[scores, pictures, *players],
        )

    def compare(
        self,
        recording: str | None,
        models: list[str],
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> Iterator[tuple[Any, ...]]:
        """Yields the sounds first, then the spectrograms, then the scores.

        Args:
            recording: path of the upload; None without one.
            models: their names.
            request: of the visitor.
            bar: for progress.

        Raises:
            gradio.Error: an error that the visitor can remedy.
        """
        visitor = request.session_hash or ""
        with plain_errors(self.page.visits.folder):
            source, seconds = accept(recording, self.page.limits)
            if not models:
                raise SpeechganError("models: none is chosen; tick one at least")
            stop = self.page.visits.begin(visitor)
            folder = self.page.visits.make_folder(visitor, self.title)
            tell = report(bar, seconds * len(models), stop)
            files, labels = {"Before": source}, {}
            for name in models:
                # Raises an error for unknown names, before they become part of a path.
                enhancer, started = self.page.models.enhancer(name), time.perf_counter()
                files[name] = folder / f"{source.stem}.{name}.wav"
                enhancer.enhance_file(source, files[name], progress=tell)
                labels[name] = f"{name}, in {time.perf_counter() - started:.1f} s"
            players = [
                gr.Audio(str(files[name]), label=labels[name], visible=True)
                if name in labels
                else gr.Audio(None, visible=False)
                for name in self.names
            ]
            yield "", "", *players
            still = [gr.skip()] * len(players)
            excerpts = load_excerpts(files)
            yield gr.skip(), draw_pictures(excerpts), *still
            yield format_scores(score(excerpts), seconds), gr.skip(), *still
