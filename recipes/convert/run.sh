#!/usr/bin/env bash
# Voice conversion from recordings to a table of results. `run.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
examples="$here/../../examples/voices"
source "$here/../common.sh"

usage() {
  cat <<'TEXT'
Trains a voice converter on speakers who never say the same sentence, converts test sentences and
measures what came out.

usage: recipes/convert/run.sh [option ...] [key=value ...]

  --data DIR       a folder for each speaker, with folders train/ and test/ in it
                   (default: the examples that ship)
  --out DIR        where everything is written (default: runs/convert-recipe)
  --config NAME    an experiment of conf/convert/experiment (default: demo without --data)
  --pairs LIST     conversions to make, such as "anna:bob bob:anna"
                   (default: each speaker to the next, in the order of their names)
  --stage N        first stage to run (default: 0)
  --stop-stage N   last stage to run (default: 5)
  --help           this text
  key=value        settings of the training, such as system=cyclegan_vc2 trainer.max_steps=2000

stages:
  0  check the environment
  1  data      list the speakers                 OUT/speakers.txt
  2  train     go on where it stood, or begin    OUT/run/best
  3  convert   the test sentences                OUT/converted/SOURCE-TARGET
  4  evaluate  each pair                         OUT/scores/SOURCE-TARGET.json and .html
  5  table     all pairs, as Markdown            OUT/table.md

Whatever ends the recipe, the same command goes on from there. The Python that has speechgan is
python3, or PYTHON if that is set.
TEXT
}

data="" out="runs/convert-recipe" config="" pairs="" stage=0 stop_stage=5
read_options data out config pairs stage stop-stage -- "$@"
for pair in $pairs; do
  [[ "$pair" == ?*:?* ]] || fail "--pairs $pair: must be SOURCE:TARGET" 2
done
[[ -n "$data" ]] || { data="$examples" config="${config:-demo}"; }
check_staged

# Every speaker with test sentences, to the next one, the last to the first, each pair a line.
list_pairs() {
  local folder names=()
  for folder in "$data"/*/test; do
    [[ -d "$folder" ]] && folder="${folder%/test}" && names+=("${folder##*/}")
  done
  ((${#names[@]} > 1)) || return 0
  local i
  for i in "${!names[@]}"; do
    printf '%s:%s\n' "${names[i]}" "${names[(i + 1) % ${#names[@]}]}"
  done
}

if runs_stage 0; then
  say "stage 0: the environment"
  speechgan doctor
fi

if runs_stage 1; then
  say "stage 1: the speakers of $data"
  speechgan data voices "$data" | tee "$out/speakers.txt"
fi

if runs_stage 2; then
  say "stage 2: training in $out/run"
  # What is said last holds: the user's settings stand behind the recipe's.
  speechgan train convert ${config:+"experiment=$config"} "data.root=$(quote "$data")" \
    "data.cache=$(quote "$out/cache")" "run.folder=$(quote "$out/run")" ${overrides[@]+"${overrides[@]}"} --resume
fi

((stop_stage >= 3)) || exit 0
model="$out/run/best"
if [[ -n "$pairs" ]]; then
  # shellcheck disable=SC2206 # a list
  pairs=($pairs)
else
  mapfile -t pairs < <(list_pairs) # a name may hold a space
fi
if ((${#pairs[@]} == 0)); then
  missing="$data: no two speakers with a folder test/ in theirs"
  ((stage <= 2)) || fail "$missing"
  say "$missing; the model in $model is trained but not measured"
  exit 0
fi

if runs_stage 3; then
  [[ -d "$model" ]] || fail "$model: no trained model; run stage 2 first"
  for pair in "${pairs[@]}"; do
    source="${pair%%:*}" target="${pair#*:}"
    [[ -d "$data/$source/test" ]] || fail "$data/$source/test: no such folder; see --pairs"
    converted="$out/converted/$source-$target"
    if is_current "$converted" "$model/model.safetensors"; then
      say "stage 3: $converted is complete"
      continue
    fi
    say "stage 3: $source to $target"
    rm -rf -- "$converted.part" "$converted"
    speechgan convert --src "$data/$source/test" --target-speaker "$target" --model "$model" \
      -o "$converted.part/"
    mv -- "$converted.part" "$converted"
  done
fi

if runs_stage 4; then
  mkdir -p -- "$out/scores"
  for pair in "${pairs[@]}"; do
    source="${pair%%:*}" target="${pair#*:}"
    converted="$out/converted/$source-$target" scores="$out/scores/$source-$target"
    [[ -d "$converted" ]] || fail "$converted: nothing to measure; run stage 3 first"
    if is_current "$scores.json" "$converted" && [[ -e "$scores.html" ]]; then
      say "stage 4: $scores.json is complete"
      continue
    fi
    say "stage 4: measuring $source to $target"
    rm -f -- "$scores.json" "$scores.html"
    speechgan evaluate convert --converted "$converted" --source "$data/$source/test" \
      --target "$data/$target/test" --json "$scores.json" --report "$scores.html" ||
      [[ -e "$scores.html" ]] # written last; some recordings cannot be measured, it says which
  done
fi

if runs_stage 5; then
  say "stage 5: results"
  files=()
  for pair in "${pairs[@]}"; do
    files+=("$out/scores/${pair%%:*}-${pair#*:}.json")
    [[ -e "${files[-1]}" ]] || fail "${files[-1]}: no scores; run stage 4 first"
  done
  "$python" -P "$here/table.py" "${files[@]}" -o "$out/table.md"
fi
