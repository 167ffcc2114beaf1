#!/usr/bin/env bash
# The ideas of docs/ideas.md, each against what it is to beat. `run.sh --help` says how.
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
source "$here/../common.sh"

usage() {
  cat <<'TEXT'
Trains what a row of docs/ideas.md compares, all at the same number of steps and with networks of
the same width, once for each seed, and prints what a judge of real digits says of them.

usage: recipes/ideas/run.sh ROW [option ...] [key=value ...]

rows:
  gan          noise to images by alternating play, against a fixed loss
  cgan         one score with a share of each label, one told all labels, one for each question;
               no mismatched pairs
  unheard      a digit by a speaker who is never heard to say it
  autoencoder  plain against variational
  vae_gan      a variational auto-encoder, with and without a discriminator
  cvae_gan     the same with labels and a classifier, against the conditional GAN
  bigan        codes without a loss of rebuilding, against one with it
  stackgan     a coarse image first, with and without augmented conditions, against one stage, with
               and without seeking modes
  discriminator_only  a search in place of the generator; an hour
  music_vae    sequences of four digits from one code: a conductor and segments, against a flat
               decoder of as many weights
  sequence     tokens by likelihood, then by a reward without a gradient, or by likelihood as long;
               an hour

  --data DIR    folder with train/ and test/, files named DIGIT_SPEAKER_TAKE
                (default: the examples that ship)
  --out DIR     where everything is written (default: runs/ideas)
  --seeds LIST  of data and networks (default: 1 2)
  --steps N     of each training (default: 2000)
  --help        this text
  key=value     settings of all trainings, such as trainer.accelerator=cuda

Rows share trainings: what is finished is not trained again, what was interrupted goes on.
TEXT
}

generator="generator.widths=[128,64,32,16]"
discriminator="discriminator.widths=[16,32,64,128]"
classifier="system.classifier.widths=[16,32,64,128]"
coarse="system.coarse_discriminator.widths=[32,64,128]"
unheard=(3_theo 7_lucas)

# variants_of ROW: what it compares; its own idea first.
variants_of() {
  case "$1" in
    gan) echo gan vae ;;
    cgan) echo cgan cgan_joint cgan_apart cgan_unmatched cgan_joint_unmatched ;;
    unheard) echo cgan_unheard cgan_joint_unheard ;;
    autoencoder) echo vae autoencoder ;;
    vae_gan) echo vae_gan vae ;;
    cvae_gan) echo cvae_gan cgan ;;
    bigan) echo bigan autoencoder ;;
    stackgan) echo stackgan stackgan_plain cgan cgan_seeking ;;
    discriminator_only) echo discriminator_only gan ;;
    music_vae) echo music_vae music_vae_flat ;;
    sequence) echo sequence_pretrained sequence sequence_longer ;;
    *) fail "$1: no such row; see --help" 2 ;;
  esac
}

# settings_of VARIANT, with $steps
settings_of() {
  local left_out="data.unheard=[$(IFS=,; echo "${unheard[*]}")]"
  case "$1" in
    autoencoder | vae | music_vae) echo "system=$1 $generator" ;;
    cgan) echo "system=cgan $generator $discriminator system.seeking=0" ;;
    cgan_seeking) echo "$(settings_of cgan) system.seeking=0.05" ;;
    cgan_apart) echo "$(settings_of cgan) discriminator.heads=[clear,match]" ;;
    cgan_joint) echo "$(settings_of cgan) discriminator.heads=[joint]" ;;
    cvae_gan) echo "system=cvae_gan $generator $discriminator $classifier" ;;
    stackgan) echo "system=stackgan generator.widths=[96,48,24,12] $discriminator $coarse" ;;
    stackgan_plain) echo "$(settings_of stackgan) system.augmentation=0" ;;
    discriminator_only) echo "system=discriminator_only generator.${discriminator#*.}" ;;
    music_vae_flat) echo "$(settings_of music_vae) generator.hierarchy=false generator.state=384" ;;
    sequence_pretrained) echo "system=sequence trainer.turns.discriminator.start=$steps" ;;
    sequence_longer) settings_of sequence_pretrained ;;
    sequence)
      echo "$(settings_of sequence_pretrained) system.likelihood=0 trainer.turns.discriminator.start=0" \
        "trainer.turns.generator.start=$((steps / 10)) trainer.turns.generator.optimizer.lr=5e-4"
      ;;
    *_unmatched) echo "$(settings_of "${1%_unmatched}") system.mismatched=false" ;;
    *_unheard) echo "$(settings_of "${1%_unheard}") $left_out" ;;
    *) echo "system=$1 $generator $discriminator" ;;
  esac
}

# origin_of VARIANT SEED: the model that its training goes on from, or null.
origin_of() {
  case "$1" in
    sequence | sequence_longer) quote "$out/sequence_pretrained-$2/best" ;;
    *) echo null ;;
  esac
}

# judge FILE option ...
judge() {
  local file="$1"
  shift
  [[ -e "$file" ]] || speechgan evaluate generate --real "$data" --json "$file" "$@" > /dev/null
}

row="${1:---help}"
[[ "$row" != --* ]] || row=""
[[ -z "$row" ]] || shift
data="$here/../../examples/digits" out="runs/ideas" seeds="1 2" steps=2000
read_options data out seeds steps -- "$@"
[[ -n "$row" ]] || fail "which row? see --help" 2
variants="$(variants_of "$row")"
[[ -d "$data/train" && -d "$data/test" ]] || fail "$data: needs train/ and test/; see --data"
for number in "$steps" $seeds; do
  [[ "$number" =~ ^[0-9]+$ ]] || fail "$number: must be a whole number" 2
done

for variant in $variants; do
  for seed in $seeds; do
    folder="$out/$variant-$seed"
    if [[ ! -e "$folder/minutes" ]]; then
      printf '== %s\n' "$folder" >&2
      started="$SECONDS"
      # shellcheck disable=SC2046 # settings have no spaces
      speechgan train generate $(settings_of "$variant") "data.root=$(quote "$data")" \
        "run.folder=$(quote "$folder")" "run.fine_tune=$(origin_of "$variant" "$seed")" \
        "data.seed=$seed" "trainer.seed=$seed" data.batch_size=16 \
        "trainer.max_steps=$steps" "trainer.decay_steps=$((steps * 2 / 5))" \
        "trainer.validate_every=$steps" \
        ${overrides[@]+"${overrides[@]}"} --resume
      echo "$(((SECONDS - started + 59) / 60))" > "$folder/minutes"
    fi
    judge "$folder/scores.json" --model "$folder/best"
    [[ "$variant" == *_unheard ]] || continue
    for pair in "${unheard[@]}"; do
      judge "$folder/$pair.json" --model "$folder/best" --count 200 --digit "${pair%_*}" \
        --speaker "${pair#*_}"
    done
  done
done
# shellcheck disable=SC2086 # names and numbers
"$python" -P "$here/table.py" "$out" --variants $variants --seeds $seeds | tee "$out/$row.md"
