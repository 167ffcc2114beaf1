#!/usr/bin/env bash
# The same generator under different critics, at one training budget. `compare.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
python="${PYTHON:-python3}"

usage() {
  cat <<'TEXT'
Trains one generator supervised, lets every row of the table below go on from there with its own
critic for as many steps, and measures all of them on pairs/test/{clean,noisy} of the data.

usage: recipes/enhance/compare.sh --data DIR [option ...] [key=value ...]

  --data DIR     speech/ and noise/ to mix, and pairs/test/{clean,noisy}
  --out DIR      where everything is written (default: runs/compare)
  --warm-up N    supervised steps that all rows share (default: 3000)
  --steps N      steps of each row after that (default: 500)
  --seeds LIST   seeds of data and critic (default: 1 2)
  --rows LIST    of: supervised joint two_headed unmatched two_headed_metric unet segan
                 (default: all)
  key=value      settings of all trainings, such as trainer.accelerator=cuda

Finished rows are not trained again; an interrupted one goes on where it stood. The U-Net and SEGAN
start from nothing and have rows of their own settings, see below.
TEXT
}

fail() {
  printf 'compare.sh: error: %s\n' "$1" >&2
  exit 1
}

data="" out="runs/compare" warm_up=3000 steps=500 seeds="1 2"
rows="supervised joint two_headed unmatched two_headed_metric unet segan"
overrides=()
while (($#)); do
  case "$1" in
    --data | --out | --warm-up | --steps | --seeds | --rows)
      (($# > 1)) || fail "$1: needs a value; see --help"
      name="${1#--}"
      printf -v "${name//-/_}" '%s' "$2"
      shift 2
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    [!-]*=*)
      overrides+=("$1")
      shift
      ;;
    *) fail "$1: neither an option nor key=value; see --help" ;;
  esac
done
[[ -n "$data" ]] || fail "--data is needed; see --help"
[[ -d "$data/pairs/test/noisy" ]] || fail "$data/pairs/test/noisy: no such folder"

speechgan() {
  "$python" -P -m speechgan "$@"
}

# train NAME STEPS setting ...
train() {
  local folder="$out/$1" last="$2"
  shift 2
  [[ -e "$folder/done" ]] && return
  printf '== %s\n' "$folder" >&2
  speechgan train enhance "data.root='$data'" "data.cache='$out/cache'" "run.folder='$folder'" \
    "trainer.max_steps=$last" "trainer.save_every=250" "$@" ${overrides[@]+"${overrides[@]}"} --resume
  touch -- "$folder/done"
}

measure() {
  local folder="$out/$1"
  [[ -e "$folder/scores.json" ]] && return
  speechgan enhance "$data/pairs/test/noisy" -o "$folder/enhanced" --model "$folder/best" --overwrite
  speechgan evaluate enhance --clean "$data/pairs/test/clean" --enhanced "$folder/enhanced" \
    --noisy "$data/pairs/test/noisy" --no-dnsmos --json "$folder/scores.json" > "$folder/scores.txt"
}

total=$((warm_up + steps))
for seed in $seeds; do
  for row in $rows; do
    settings=("data.seed=$seed" "trainer.seed=$seed" "trainer.decay_steps=$steps"
      "trainer.validate_every=$steps")
    case "$row" in
      unet)
        settings+=(generator=unet system=two_headed "trainer.turns.critic.start=$warm_up")
        ;;
      segan)
        settings+=(experiment=segan_small)
        ;;
      *)
        train warm_up "$warm_up" system=supervised trainer.decay_steps=0 "trainer.validate_every=$warm_up"
        settings+=("run.start_from='$out/warm_up/last.safetensors'")
        if [[ "$row" == unmatched ]]; then
          settings+=(system=two_headed system.mismatched=false)
        else
          settings+=("system=$row")
        fi
        ;;
    esac
    train "$row-$seed" "$total" "${settings[@]}"
    measure "$row-$seed"
  done
done
"$python" -P "$here/compare.py" "$out" | tee "$out/table.md"
