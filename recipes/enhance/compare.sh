#!/usr/bin/env bash
# The same generator under different discriminators, at one training budget. `compare.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
source "$here/../common.sh"
source "$here/judging.sh"

usage() {
  cat <<'TEXT'
Trains one generator supervised, or takes a trained one, lets every row of the table below go on
from there with its own discriminator for as many steps, and measures all of them on
pairs/test/{clean,noisy} of the data, and away from home on far/test, if there is one.

usage: recipes/enhance/compare.sh --data DIR [option ...] [key=value ...]

  --data DIR     speech/ and noise/ to mix, and pairs/test/{clean,noisy}
  --out DIR      where everything is written (default: runs/compare)
  --warm-up N    supervised steps that all rows share (default: 3000)
  --from WHAT    what to share instead of training it: the checkpoint of a supervised run, of
                 --warm-up steps, or a model, by name or folder, such as default, which
                 counts as no steps whatever --warm-up says
  --steps N      steps of each row after that (default: 500)
  --seeds LIST   seeds of data and discriminator (default: 1 2)
  --split WHAT   of pairs and far: test, or valid to choose on (default: test)
  --rows LIST    of: supervised supervised_plain joint two_headed unmatched two_headed_metric
                 two_headed_metric_listener balanced balanced_plain wave_judged
                 wave_judged_plain unet segan (default: all); what is plain has no distance
                 of PESQ or ESTOI in its closeness
  key=value      settings of all trainings, such as trainer.accelerator=cuda

Finished rows are not trained again; an interrupted one goes on where it stood. The U-Net and SEGAN
start from nothing and have rows of their own settings, see below.
TEXT
}

data="" out="runs/compare" from="" warm_up=3000 steps=500 seeds="1 2" split="test"
all_rows="supervised supervised_plain joint two_headed unmatched two_headed_metric"
all_rows+=" two_headed_metric_listener balanced balanced_plain wave_judged wave_judged_plain"
all_rows+=" unet segan"
rows="$all_rows"
read_options data out from warm-up steps seeds split rows -- "$@"
[[ -n "$data" ]] || fail "--data is needed; see --help" 2
for number in "$warm_up" "$steps" $seeds; do
  [[ "$number" =~ ^[0-9]+$ ]] || fail "$number: must be a whole number" 2
done
for row in $rows; do
  [[ " $all_rows " == *" $row "* ]] || fail "$row: no such row; see --help" 2
done
case "$from" in
  "") ;;
  *.safetensors)
    [[ -f "$from" ]] || fail "$from: no such checkpoint"
    start="run.start_from=$(quote "$from")"
    ;;
  *)
    warm_up=0 # a model brings no steps with it
    start="run.fine_tune=$(quote "$from")"
    ;;
esac
[[ "$split" == test || "$split" == valid ]] || fail "--split $split: must be test or valid" 2
[[ -d "$data/pairs/$split/noisy" ]] || fail "$data/pairs/$split/noisy: no such folder"

# train NAME STEPS setting ...
train() {
  local folder="$out/$1" last="$2"
  shift 2
  [[ -e "$folder/done" ]] && return
  printf '== %s\n' "$folder" >&2
  speechgan train enhance "data.root=$(quote "$data")" "data.cache=$(quote "$out/cache")" \
    "run.folder=$(quote "$folder")" "trainer.max_steps=$last" trainer.save_every=250 "$@" \
    ${overrides[@]+"${overrides[@]}"} --resume
  touch -- "$folder/done"
}

total=$((warm_up + steps))
given=(${overrides[@]+"${overrides[@]}"})

# play PLAYER ...: these begin after the warm-up.
play() {
  local player
  for player; do
    settings+=("trainer.turns.$player.start=$warm_up")
  done
}

for seed in $seeds; do
  for row in $rows; do
    last=() # what holds whatever the command line says
    settings=("data.seed=$seed" "trainer.seed=$seed" "trainer.decay_steps=$steps"
      "trainer.validate_every=$steps")
    case "$row" in
      unet)
        settings+=(generator=unet system=two_headed)
        play discriminator
        ;;
      segan)
        settings+=(experiment=segan_small)
        ;;
      *)
        [[ -n "$from" ]] || train warm_up "$warm_up" system=supervised trainer.decay_steps=0 \
          "trainer.validate_every=$warm_up"
        settings+=("${start:-run.start_from=$(quote "$out/warm_up/last.safetensors")}")
        if [[ "$row" == unmatched ]]; then
          settings+=(system=two_headed system.mismatched=false)
        else
          settings+=("system=${row%_plain}")
        fi
        [[ "$row" != *_plain ]] || last=(system.closeness.pesq=0 system.closeness.estoi=0)
        [[ "$row" == supervised* ]] || play discriminator
        [[ "$row" != *_metric* ]] || play metric
        [[ "$row" != *_listener ]] || play listener
        [[ "$row" != wave_* ]] || play wave
        ;;
    esac
    overrides=(${given[@]+"${given[@]}"} ${last[@]+"${last[@]}"})
    train "$row-$seed" "$total" "${settings[@]}"
    measure_pairs "$out/$row-$seed"
  done
done
"$python" -P "$here/compare.py" "$out" --split "$split" | tee "$out/table.md"
