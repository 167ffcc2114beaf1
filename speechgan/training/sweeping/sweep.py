"""Trainings one after the other, whose settings Optuna chooses by what came of those before."""

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from speechgan.training.sweeping.space import Space
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import write_whole

Train = Callable[[list[str], Path], float]
"""Trains by settings in Hydra's grammar in a folder, where it goes on if something is there; the
figure of the best model. Raises SpeechganError where there is none."""
Say = Callable[[str], object]

MOST_FAILURES = 3
"""Where so many have failed and none has not, it is no matter of the free settings."""
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
JOURNAL, TABLE, RESULTS = "trials.log", "table.md", "trials.csv"
REMEDY = "choose another folder with --out"


@dataclass(frozen=True)
class Sweep:
    """The trials of a folder: `trials.log` keeps what was tried, `0000/` and so on the trainings.

    Settings are drawn by the tree-structured Parzen estimator (Bergstra et al. 2011), from a seed
    and the trials before; so a sweep that was stopped goes on as it would have gone. The trial that
    was under way goes on from its checkpoint. One process works on a sweep at a time.

    Attributes:
        folder: of the sweep.
        space: what is tried.
        seed: of what is drawn.
    """

    folder: Path
    space: Space
    seed: int = 0

    def run(self, train: Train, trials: int, say: Say) -> list[FrozenTrial]:
        """Tries until there are so many trials; those before count.

        Args:
            train: does one.
            trials: how many there are to be; failed ones count.
            say: told a line of each.

        Returns:
            All of them, the best first and those that failed last.

        Raises:
            SpeechganError: the folder holds a sweep of something else, or cannot be written; or
                the first trials all fail.
        """
        study = self._open()
        while len(finished := _finished(study)) < trials:
            trial = self._next(study, len(finished))
            started = time.monotonic()
            number, chosen = trial.number, trial.params
            try:
                value = train(self.space.settings(chosen), self.folder / f"{number:04}")
                study.tell(number, value)
                said = f"{value:.4f}"
            except SpeechganError as error:
                # Optuna takes what is pruned for the worst, and does not look at what has failed.
                study.tell(number, state=TrialState.PRUNED)
                if number + 1 >= MOST_FAILURES and all(t.value is None for t in finished):
                    raise
                said = f"failed: {error}"
            minutes = (time.monotonic() - started) / 60
            say(f"trial {number}: {_list(chosen)}: {said} ({minutes:.1f} min)")
            self._write_tables(study)
        self._write_tables(study)
        return _ranked(study)

    def _open(self) -> optuna.Study:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        about = {"fixed": list(self.space.fixed), "free": _describe(self.space), "seed": self.seed}
        path = self.folder / JOURNAL
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            storage = JournalStorage(JournalFileBackend(str(path)))
            create = partial(
                optuna.create_study,
                storage=storage,
                study_name="sweep",
                direction="maximize",
                load_if_exists=True,
            )
            study = create()
            before = study.user_attrs.get("about", about)
            known = any(trial.value is not None for trial in study.get_trials(deepcopy=False))
            if before != about and not known and not any(self.folder.glob("[0-9]*/")):
                # No training of it ever began, as where a free setting was misspelt.
                optuna.delete_study(study_name="sweep", storage=storage)
                study, before = create(), about
        except (OSError, ValueError, KeyError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SpeechganError(f"{path}: cannot be kept ({reason}); {REMEDY}") from None
        if before != about:
            raise SpeechganError(f"{self.folder}: holds a sweep of other settings; {REMEDY}")
        study.set_user_attr("about", about)
        return study

    def _next(self, study: optuna.Study, finished: int) -> Trial | FrozenTrial:
        """The one that was under way, or a new one."""
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.params.keys() == self.space.free.keys():
                return trial
            study.tell(trial.number, state=TrialState.FAIL)  # ended while it was drawn
        seed = self.seed + 1000 * finished
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=5)
        return study.ask(dict(self.space.free))

    def _write_tables(self, study: optuna.Study) -> None:
        rows = list(tabulate(_ranked(study), list(self.space.free)))
        lines = [f"| {' | '.join(row)} |" for row in rows]
        lines.insert(1, f"|{'---|' * len(rows[0])}")
        write_whole(self.folder / TABLE, "\n".join(lines) + "\n", REMEDY)
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        write_whole(self.folder / RESULTS, text.getvalue(), REMEDY)


def tabulate(trials: list[FrozenTrial], keys: list[str]) -> list[list[str]]:
    """Cells of a table: a head, then a row of each trial with its number, settings and figure."""
    rows = [["trial", *keys, "figure"]]
    for trial in trials:
        figure = "failed" if trial.value is None else f"{trial.value:.4f}"
        rows.append([str(trial.number), *(_show(trial.params.get(key)) for key in keys), figure])
    return rows


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=FINISHED)


def _ranked(study: optuna.Study) -> list[FrozenTrial]:
    return sorted(_finished(study), key=lambda t: (t.value is None, -(t.value or 0.0), t.number))


def _describe(space: Space) -> dict[str, Any]:
    return {
        key: json.loads(optuna.distributions.distribution_to_json(kind))
        for key, kind in space.free.items()
    }


def _list(chosen: dict[str, Any]) -> str:
    return " ".join(f"{key}={_show(value)}" for key, value in chosen.items())


def _show(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
