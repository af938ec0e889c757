# demo, bench, fuzz, install: each sets up and builds what it needs, then hands over.

run_demo()
{
    setup_build
    build_preset release vedette
    if [ -n "${DATA:-}" ]; then
        [ -d "$DATA" ] || die 2 "DATA=$DATA is not a folder"
        set -- --input "$DATA" "$@"
    fi
    exec build/vedette demo --data build/demo "$@"
}

run_bench()
{
    setup_build
    ensure 'cmd python3 python3'
    build_preset release vedette benches
    exec python3 bench/run.py --vedette build/vedette --out build/bench ${ONLY:+--only "$ONLY"}
}

fuzz_targets()
{
    for source in tests/fuzz/fuzz_*.c; do
        [ -e "$source" ] || continue
        name=$(basename "$source" .c)
        if [ -z "${TARGET:-}" ] || [ "$name" = "$TARGET" ] || [ "$name" = "fuzz_$TARGET" ]; then
            echo "$name"
        fi
    done
}

# fuzz_one NAME SECONDS: new inputs go to build/fuzz-corpus, a crash to build/fuzz-crash.
fuzz_one()
{
    seeds=tests/fuzz/corpus/${1#fuzz_}
    found=build/fuzz-corpus/${1#fuzz_}
    mkdir -p "$found" build/fuzz-crash
    set -- "$1" "$2" "$found"
    [ -d "$seeds" ] && set -- "$@" "$seeds"
    name=$1
    seconds=$2
    shift 2
    "build/asan/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="build/fuzz-crash/$name-" -print_final_stats=1 -verbosity=0 "$@" \
        >"build/log/$name.log" 2>&1
}

run_fuzz()
{
    setup_all
    targets=$(fuzz_targets)
    [ -n "$targets" ] || die 2 "no fuzz target ${TARGET:-}"
    build_preset asan $targets
    for target in $targets; do
        say "dev: $target for ${FUZZ_SECONDS:-30} s"
        fuzz_one "$target" "${FUZZ_SECONDS:-30}" || {
            tail -n 40 "build/log/$target.log" >&2
            die 1 "$target failed; the input is in build/fuzz-crash"
        }
    done
}

run_install()
{
    [ -n "${PREFIX:-}" ] || die 2 "say where: ./dev install PREFIX=/usr/local"
    setup_build
    build_preset release vedette
    run_logged build/log/install.log "dev: installing to ${DESTDIR:-}$PREFIX" \
        cmake --install build/release --prefix "$PREFIX" || exit 1
    say "dev: installed ${DESTDIR:-}$PREFIX/bin/vedette; the systemd unit is in ${DESTDIR:-}$PREFIX/lib/systemd/system"
}
