# What recipes that compare enhancers have in common; sourced by them, after common.sh.

# measure_pairs FOLDER: what FOLDER/best makes of the pairs of $data, of $split, at home (pairs/) and
# away (far/), into FOLDER/scores-PLACE-SPLIT.json. What is there is not measured again.
measure_pairs() {
  local folder="$1" place pairs scores
  for place in pairs far; do
    pairs="$data/$place/$split" scores="$folder/scores-$place-$split.json"
    [[ -d "$pairs/noisy" && ! -e "$scores" ]] || continue
    speechgan enhance "$pairs/noisy" -o "$folder/enhanced-$place" --model "$folder/best" \
      --overwrite
    speechgan evaluate enhance --clean "$pairs/clean" --enhanced "$folder/enhanced-$place" \
      --noisy "$pairs/noisy" --json "$scores" > "${scores%.json}.txt" ||
      [[ -e "$scores" ]] # some recordings cannot be measured; the scores say which
  done
}
