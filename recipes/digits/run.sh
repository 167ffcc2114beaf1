#!/usr/bin/env bash
# Spoken digits from noise and labels, from recordings to a table. `run.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
examples="$here/../../examples/digits"
source "$here/../common.sh"

usage() {
  cat <<'TEXT'
Trains a GAN on spoken digits, has it make some, and has a judge that knows real digits say what it
hears.

usage: recipes/digits/run.sh [option ...] [key=value ...]

  --data DIR       folder with train/ and test/, files named DIGIT_SPEAKER_TAKE
                   (default: the examples that ship)
  --out DIR        where everything is written (default: runs/digits-recipe)
  --config NAME    an experiment of conf/generate/experiment (default: demo without --data)
  --count N        words to make (default: 40)
  --stage N        first stage to run (default: 0)
  --stop-stage N   last stage to run (default: 5)
  --help           this text
  key=value        settings of the training, such as system=cvae_gan trainer.max_steps=2000

stages:
  0  check the environment
  1  data      count the recordings              OUT/recordings.txt
  2  train     go on where it stood, or begin    OUT/run/best
  3  export    as an ONNX graph                  OUT/run/best/model.onnx
  4  generate  words and a sheet of pictures     OUT/words
  5  judge     a thousand of them, as Markdown   OUT/table.md

Whatever ends the recipe, the same command goes on from there. The Python that has speechgan is
python3, or PYTHON if that is set.
TEXT
}

data="" out="runs/digits-recipe" config="" count=40 stage=0 stop_stage=5
read_options data out config count stage stop-stage -- "$@"
[[ "$count" =~ ^[1-9][0-9]*$ ]] || fail "--count $count: must be a whole number from 1" 2
[[ -n "$data" ]] || { data="$examples" config="${config:-demo}"; }
check_staged
model="$out/run/best"

if runs_stage 0; then
  say "stage 0: the environment"
  speechgan doctor
fi

if runs_stage 1; then
  say "stage 1: the recordings of $data"
  for split in train test; do
    [[ -d "$data/$split" ]] || fail "$data/$split: no such folder; see --data"
    printf '%s: %d recordings\n' "$split" \
      "$(find "$data/$split" -name '*_*_*.flac' -o -name '*_*_*.wav' | wc -l)"
  done | tee "$out/recordings.txt"
fi

if runs_stage 2; then
  say "stage 2: training in $out/run"
  speechgan train generate ${config:+"experiment=$config"} "data.root=$(quote "$data")" \
    "run.folder=$(quote "$out/run")" ${overrides[@]+"${overrides[@]}"} --resume
fi

if ((stop_stage >= 3)); then
  [[ -d "$model" ]] || fail "$model: no trained model; run stage 2 first"
fi

if runs_stage 3; then
  if is_current "$model/model.onnx" "$model/model.safetensors"; then
    say "stage 3: $model/model.onnx is complete"
  else
    say "stage 3: as a graph"
    speechgan export "$model" --overwrite
  fi
fi

if runs_stage 4; then
  if is_current "$out/words" "$model/model.safetensors"; then
    say "stage 4: $out/words is complete"
  else
    say "stage 4: words"
    rm -rf -- "$out/words.part" "$out/words"
    speechgan generate --model "$model" --count "$count" -o "$out/words.part"
    mv -- "$out/words.part" "$out/words"
  fi
fi

if runs_stage 5; then
  say "stage 5: what the judge hears"
  speechgan evaluate generate --model "$model" --real "$data" --json "$out/scores.json" |
    tee "$out/table.md.part"
  mv -- "$out/table.md.part" "$out/table.md"
fi
