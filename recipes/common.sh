# What the recipes have in common; sourced by them.

python="${PYTHON:-python3}"

fail() {
  printf '%s: error: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}

say() {
  printf '== %s\n' "$1" >&2
}

# -P: the installed package, not a folder of that name where the recipe is started.
speechgan() {
  "$python" -P -m speechgan "$@"
}

# In Hydra's grammar only a quoted value may hold any character.
quote() {
  printf "'%s'" "${1//\'/\\\'}"
}

# Is $1 there, and no older than $2? -nt alone takes equal times for older.
is_current() {
  [[ -e "$1" && ! "$2" -nt "$1" ]]
}

# read_options NAME ... -- ARGUMENT ...: sets a variable for each --NAME VALUE, collects key=value in
# `overrides`, and shows `usage` if asked.
read_options() {
  local names=" " name
  while [[ "$1" != -- ]]; do
    names+="--$1 "
    shift
  done
  shift
  overrides=()
  while (($#)); do
    case "$1" in
      --help | -h)
        usage
        exit 0
        ;;
      --*)
        [[ "$names" == *" $1 "* ]] || fail "$1: neither an option nor key=value; see --help" 2
        (($# > 1)) || fail "$1: needs a value; see --help" 2
        name="${1#--}"
        printf -v "${name//-/_}" '%s' "$2"
        shift 2
        ;;
      [!-]*=*)
        overrides+=("$1")
        shift
        ;;
      *) fail "$1: neither an option nor key=value; see --help" 2 ;;
    esac
  done
}

# The options of a recipe with stages 0 to 5, checked; makes `data` and `out` absolute.
check_staged() {
  local setting number
  for setting in ${overrides[@]+"${overrides[@]}"}; do
    case "$setting" in
      run.folder=* | data.root=* | experiment=*)
        fail "$setting: is set by --out, --data and --config" 2
        ;;
    esac
  done
  for number in "$stage" "$stop_stage"; do
    [[ "$number" =~ ^[0-5]$ ]] || fail "stage $number: must be from 0 to 5" 2
  done
  ((stage <= stop_stage)) || fail "--stage $stage: comes after --stop-stage $stop_stage" 2
  [[ -z "$data" || -d "$data" ]] || fail "$data: no such folder; give the recordings with --data"
  "$python" -P -c 'import speechgan' 2> /dev/null ||
    fail "$python: has no speechgan; run 'pip install .', or set PYTHON to the one that has it"
  mkdir -p -- "$out" 2> /dev/null || fail "$out: cannot be made; choose another folder with --out"
  data="${data:+$(cd -- "$data" && pwd)}"
  out="$(cd -- "$out" && pwd)"
}

runs_stage() {
  ((stage <= $1 && $1 <= stop_stage))
}
