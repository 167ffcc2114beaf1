#!/usr/bin/env bash
# Speech enhancement from recordings to a table of results. `run.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
examples="$here/../../examples"
# Two of the ten examples are kept for the test; their voices and noises occur in the others, in
# other sentences and at other times.
held_out=(p228_coffee-shop.flac kerstin_wind.flac)
source "$here/../common.sh"

usage() {
  cat <<'TEXT'
Trains an enhancer, applies it to test recordings and measures what it gained.

usage: recipes/enhance/run.sh [option ...] [key=value ...]

  --data DIR       recordings: speech/ and noise/ to mix, or clean/ and noisy/ pairs, or the
                   VoiceBank+DEMAND folders (default: the examples that ship)
  --out DIR        where everything is written (default: runs/recipe)
  --config NAME    an experiment of conf/enhance/experiment (default: demo without --data, else none)
  --stage N        first stage to run (default: 0)
  --stop-stage N   last stage to run (default: 5)
  --help           this text
  key=value        settings of the training, such as system=joint trainer.max_steps=2000

stages:
  0  check the environment
  1  data      list the recordings               OUT/manifest.csv
  2  train     go on where it stood, or begin    OUT/run/best
  3  enhance   the noisy test recordings         OUT/enhanced
  4  evaluate  them against the clean ones       OUT/scores.json, scores.csv, report.html
  5  table     noisy and enhanced, as Markdown   OUT/table.md

Test pairs are looked for in pairs/test/{clean,noisy}, test/{clean,noisy}, {clean,noisy}/test and
{clean,noisy}_testset_wav below --data. Whatever ends the recipe, the same command goes on from
there. The Python that has speechgan is python3, or PYTHON if that is set.
TEXT
}

data="" out="runs/recipe" config="" stage=0 stop_stage=5
read_options data out config stage stop-stage -- "$@"
check_staged

lay_out_examples() {
  local side path split
  for side in clean noisy; do
    mkdir -p -- "$1/train/$side" "$1/test/$side"
    for path in "$examples/$side"/*; do
      split="train"
      [[ " ${held_out[*]} " == *" ${path##*/} "* ]] && split="test"
      cp -- "$path" "$1/$split/$side/"
    done
  done
}

find_test_pairs() {
  local pattern
  for pattern in pairs/test/SIDE test/SIDE SIDE/test SIDE_testset_wav; do
    clean="$data/${pattern/SIDE/clean}" noisy="$data/${pattern/SIDE/noisy}"
    [[ -d "$clean" && -d "$noisy" ]] && return 0
  done
  return 1
}

if runs_stage 0; then
  say "stage 0: the environment"
  speechgan doctor
fi

if [[ -z "$data" ]]; then
  data="$out/data"
  config="${config:-demo}"
  if [[ ! -d "$data" ]] && ((stop_stage >= 1)); then
    rm -rf -- "$data.part"
    lay_out_examples "$data.part"
    mv -- "$data.part" "$data"
  fi
fi

if runs_stage 1; then
  say "stage 1: the recordings of $data"
  speechgan data scan "$data" -o "$out/manifest.csv"
fi

if runs_stage 2; then
  say "stage 2: training in $out/run"
  # What is said last holds: the user's settings stand behind the recipe's.
  speechgan train enhance ${config:+"experiment=$config"} "data.root=$(quote "$data")" \
    "data.cache=$(quote "$out/cache")" "run.folder=$(quote "$out/run")" ${overrides[@]+"${overrides[@]}"} --resume
fi

((stop_stage >= 3)) || exit 0
model="$out/run/best"
if ! find_test_pairs; then
  missing="$data: no test pairs (looked for pairs/test, test/ and *_testset_wav, see --help)"
  ((stage <= 2)) || fail "$missing"
  say "$missing; the model in $model is trained but not measured"
  exit 0
fi

if runs_stage 3; then
  [[ -d "$model" ]] || fail "$model: no trained model; run stage 2 first"
  if is_current "$out/enhanced" "$model/model.safetensors"; then
    say "stage 3: $out/enhanced is complete"
  else
    say "stage 3: enhancing $noisy"
    rm -rf -- "$out/enhanced.part" "$out/enhanced"
    speechgan enhance "$noisy" -o "$out/enhanced.part" --model "$model"
    mv -- "$out/enhanced.part" "$out/enhanced"
  fi
fi

if runs_stage 4; then
  [[ -d "$out/enhanced" ]] || fail "$out/enhanced: nothing to measure; run stage 3 first"
  if is_current "$out/scores.json" "$out/enhanced" && [[ -e "$out/report.html" ]]; then
    say "stage 4: $out/scores.json is complete"
  else
    say "stage 4: measuring $out/enhanced"
    rm -f -- "$out/scores.json" "$out/report.html"
    speechgan evaluate enhance --clean "$clean" --noisy "$noisy" --enhanced "$out/enhanced" \
      --json "$out/scores.json" --csv "$out/scores.csv" --report "$out/report.html" ||
      [[ -e "$out/report.html" ]] # written last; some recordings cannot be measured, it says which
  fi
fi

if runs_stage 5; then
  say "stage 5: results"
  "$python" -P "$here/table.py" "$out/scores.json" -o "$out/table.md"
fi
