# Shared by all parts of ./dev: messages, words on the command line, the number of jobs.

FLAG_QUICK=0
FLAG_TIDY=0
FLAG_FIX=0

say()
{
    printf '%s\n' "$*" >&2
}

# die CODE MESSAGE…: the exit codes are listed in `./dev help`.
die()
{
    code=$1
    shift
    say "dev: $*"
    exit "$code"
}

# Takes KEY=VALUE words and --flags; anything else is a mistake.
parse_words()
{
    for word in "$@"; do
        case $word in
        --quick) FLAG_QUICK=1 ;;
        --tidy) FLAG_TIDY=1 ;;
        --fix) FLAG_FIX=1 ;;
        PREFIX=* | PRESET=* | PORTAL=* | DATA=* | TARGET=* | SECONDS=* | ONLY=* | JOBS=* | SEED=* | PORT=* | ROWS=* | RUNS=* | DUCKDB_DIR=* | SANITIZE=* | PATIENCE=*)
            # SECONDS is special in some shells, so that one has a name of its own.
            case $word in
            SECONDS=*) FUZZ_SECONDS=${word#*=} ;;
            *) export "$word" ;;
            esac
            ;;
        *) die 2 "don't know what '$word' means; see ./dev help" ;;
        esac
    done
}

jobs_count()
{
    printf '%s' "${JOBS:-$(nproc 2>/dev/null || echo 2)}"
}

have()
{
    command -v "$1" >/dev/null 2>&1
}

# run_logged LOG MESSAGE COMMAND…: quiet when it works, the end of the log when it does not.
run_logged()
{
    log=$1
    message=$2
    shift 2
    mkdir -p "$(dirname "$log")"
    say "$message"
    if "$@" >"$log" 2>&1; then
        return 0
    fi
    grep -E '(error|warning): |^FAILED|undefined reference' "$log" | cut -c 1-300 | head -n 30 >&2 || true
    tail -n 8 "$log" | cut -c 1-300 >&2
    say "dev: failed: $* (whole output: $log)"
    return 1
}
