# Building: one CMake preset, one directory below build/. Each preset is described in CMakePresets.json.

# build_preset PRESET [TARGET…]
build_preset()
{
    preset=$1
    shift
    if [ ! -e "build/$preset/build.ninja" ] || ! same_duckdb "$preset"; then
        run_logged "build/log/configure-$preset.log" "dev: configuring $preset" \
            cmake --preset "$preset" -DDUCKDB_DIR="$DUCKDB_DIR" || exit 1
    fi
    if [ $# = 0 ]; then
        set -- all
    fi
    run_logged "build/log/build-$preset.log" "dev: building $preset" \
        cmake --build "build/$preset" -j "$(jobs_count)" --target "$@" || exit 1
    # A warning without an error would be a compiler's or a tool's that -Werror does not cover.
    if grep -q ': warning: ' "build/log/build-$preset.log"; then
        grep ': warning: ' "build/log/build-$preset.log" >&2
        die 1 "the $preset build printed warnings"
    fi
    if [ "$preset" = release ]; then
        ln -sf release/vedette build/vedette
        portal_build_wanted
    fi
}

same_duckdb()
{
    grep -qx "DUCKDB_DIR:PATH=$DUCKDB_DIR" "build/$1/CMakeCache.txt" 2>/dev/null
}
