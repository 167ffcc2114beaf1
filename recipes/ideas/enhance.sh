#!/usr/bin/env bash
# What is claimed of image-to-image GANs, on noisy speech. `enhance.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
source "$here/../common.sh"
source "$here/../enhance/judging.sh"

usage() {
  cat <<'TEXT'
Trains a U-Net on noisy speech for each variant of a row of docs/ideas.md, and tells what became of
the test pairs as a table. The discriminators look at decibels, patch by patch, and are in play from
the first step to the last. Closeness is the mean absolute difference of images and waves, and
nothing else: what more the shipped models are told hides what an adversary does. In the row
`saliency` it is the cross-entropy of maps, and the maps have a table of their own.

usage: recipes/ideas/enhance.sh ROW --data DIR [option ...] [key=value ...]

rows:
  both      closeness alone, an adversary alone, and both
  patches   an adversary of patches against one of the whole image, of many recordings and of few
  heads     two scores against one, with and without mismatched pairs; with patches, there is a
            table of what each head knows
  noise     noise as a further input, with and without an adversary
  saliency  maps of what is speech, with and without an adversary that judges pairs
  stages    one network against two of half its size, the first for a coarse image
  distance  how a trained network hears the result, as a part of closeness: one that has learned
            what people think of a sound, and one that knows voices apart
  reward    from a network trained by closeness on, as long as 3,000 steps of closeness take: more of
            it, PESQ by policy gradient, by a critic that learns to tell it, or by a distance

  --data DIR    speech/ and noise/ to mix, and pairs/test/{clean,noisy}; far/test too, if there is
  --out DIR     where everything is written (default: runs/ideas-enhance)
  --seeds LIST  of data and networks (default: 1 2)
  --steps N     of each training (default: 3000)
  --split WHAT  of pairs and far: test, or valid (default: test)
  --help        this text
  key=value     settings of all trainings, such as trainer.accelerator=cuda

Rows share trainings: what is finished is not trained again, what was interrupted goes on.
TEXT
}

# variants_of ROW: what it compares.
variants_of() {
  case "$1" in
    both) echo closeness adversary both ;;
    patches) echo both both_whole few few_whole ;;
    heads) echo both both_unmatched joint joint_unmatched ;;
    noise) echo both both_noise closeness closeness_noise ;;
    saliency) echo saliency saliency_judged ;;
    stages) echo closeness staged ;;
    distance) echo closeness closeness_listener closeness_speaker ;;
    reward) echo closeness more policy critic pesq ;;
    *) fail "$1: no such row; see --help" 2 ;;
  esac
}

# settings_of VARIANT
settings_of() {
  local l1="closeness@system.closeness=none system.closeness.magnitude_l1=20 system.closeness.wave=20"
  local game="discriminator.scale=decibels discriminator.spectral=false trainer.turns.discriminator.start=0"
  local half="generator.widths=[16,32,48,48,48,44] generator.coarse_widths=[16,32,44,44,44]"
  case "$1" in
    closeness) echo "system=supervised generator=unet $l1" ;;
    staged) echo "system=staged $half $l1" ;;
    closeness_listener) echo "$(settings_of closeness) system.closeness.listener_features=1.0" ;;
    closeness_speaker) echo "$(settings_of closeness) system.closeness.speaker_features=1.0" ;;
    more) settings_of closeness ;;
    policy | pesq) echo "system=balanced_$1 generator=unet $l1 system.balance.share=1.0" ;;
    critic) echo "$(settings_of policy) system=balanced_metric trainer.turns.metric.start=0" ;;
    adversary) echo "system=two_headed generator=unet $game closeness@system.closeness=none" ;;
    # Both pull equally hard.
    both) echo "system=balanced generator=unet $game $l1 system.balance.share=1.0" ;;
    saliency) echo "system=saliency" ;;
    saliency_judged) echo "system=saliency_judged $game system.balance.share=1.0" ;;
    joint) echo "$(settings_of both) discriminator=joint" ;;
    few) echo "$(settings_of both) data.train_speech=20" ;;
    *_unmatched) echo "$(settings_of "${1%_unmatched}") system.mismatched=false" ;;
    *_whole) echo "$(settings_of "${1%_whole}") discriminator.widths=[16,32,48,64,64,64]" ;;
    *_noise) echo "$(settings_of "${1%_noise}") generator.z_channels=16" ;;
  esac
}

# origin_of VARIANT SEED: the model that its training goes on from, or null.
origin_of() {
  case "$1" in
    more | policy | critic | pesq) quote "$out/closeness-$2/best" ;;
    *) echo null ;;
  esac
}

# steps_of VARIANT: as many as take as long as --steps of closeness.
steps_of() {
  case "$1" in
    policy) echo $((steps / 10)) ;;
    critic) echo $((steps / 3)) ;;
    *) echo "$steps" ;;
  esac
}

# tell_row: the tables of the row.
tell_row() {
  # shellcheck disable=SC2086 # names and numbers
  "$python" -P "$here/enhance_table.py" "$out" --variants $variants --seeds $seeds --split "$split"
  local more=()
  case "$row" in
    saliency) more=(saliency.py "${models[@]}") ;;
    heads | patches) more=(heads.py "${models[@]%/best}") ;;
    *) return ;;
  esac
  echo
  "$python" -P "$here/${more[0]}" "${more[@]:1}" --data "$data" --split "$split"
}

# measure_spread FOLDER: what FOLDER/best makes of the noisy pairs with other noise drawn, against what it
# made of them before.
measure_spread() {
  local folder="$1" scores="$1/scores-spread-$split.json"
  [[ ! -e "$scores" ]] || return 0
  speechgan enhance "$data/pairs/$split/noisy" -o "$folder/enhanced-other" --model "$folder/best" \
    --seed 1 --overwrite
  speechgan evaluate enhance --clean "$folder/enhanced-pairs" --enhanced "$folder/enhanced-other" \
    --no-dnsmos --json "$scores" > /dev/null || [[ -e "$scores" ]]
}

row="${1:---help}"
[[ "$row" != --* ]] || row=""
[[ -z "$row" ]] || shift
data="" out="runs/ideas-enhance" seeds="1 2" steps=3000 split="test"
read_options data out seeds steps split -- "$@"
[[ -n "$row" ]] || fail "which row? see --help" 2
variants="$(variants_of "$row")"
[[ -n "$data" ]] || fail "--data is needed; see --help" 2
for number in "$steps" $seeds; do
  [[ "$number" =~ ^[0-9]+$ ]] || fail "$number: must be a whole number" 2
done
[[ "$split" == test || "$split" == valid ]] || fail "--split $split: must be test or valid" 2
[[ -d "$data/pairs/$split/noisy" ]] || fail "$data/pairs/$split/noisy: no such folder"

models=()
for variant in $variants; do
  for seed in $seeds; do
    folder="$out/$variant-$seed"
    models+=("$folder/best")
    if [[ ! -e "$folder/done" ]]; then
      printf '== %s\n' "$folder" >&2
      last="$(steps_of "$variant")"
      # shellcheck disable=SC2046 # settings have no spaces
      speechgan train enhance "generator.widths=[16,32,64,64,64,64]" $(settings_of "$variant") \
        "data.root=$(quote "$data")" "data.cache=$(quote "$out/cache")" "data.seed=$seed" \
        "run.folder=$(quote "$folder")" "run.fine_tune=$(origin_of "$variant" "$seed")" \
        "trainer.seed=$seed" data.batch_size=4 data.seconds=1 "trainer.max_steps=$last" \
        "trainer.decay_steps=$((last * 2 / 5))" "trainer.validate_every=$last" \
        ${overrides[@]+"${overrides[@]}"} --resume
      touch -- "$folder/done"
    fi
    measure_pairs "$folder"
    [[ "$variant" != *_noise ]] || measure_spread "$folder"
  done
done
tell_row | tee "$out/$row.md"
