# Lint: format, layers, house rules; clang-tidy on request.

# Files whose changes are not committed yet, or all when this is no git checkout.
changed_sources()
{
    if have git && git rev-parse --git-dir >/dev/null 2>&1; then
        git -c safe.directory="$ROOT" status --porcelain -- src tests | sed 's/^...//' | grep '\.c$' || true
    fi
}

all_sources()
{
    find src tests -name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.hh' | LC_ALL=C sort
}

lint_format()
{
    if [ "$FLAG_FIX" = 1 ]; then
        all_sources | xargs clang-format -i
    else
        all_sources | xargs -P "$(jobs_count)" -n 50 clang-format --dry-run -Werror
    fi
}

# clang-tidy one file a call: version 14 reports a false va_list error otherwise.
lint_tidy()
{
    setup_build
    ensure "$NEEDS_TEST"
    [ -e build/asan/compile_commands.json ] ||
        run_logged build/log/configure-asan.log "dev: configuring asan" \
            cmake --preset asan -DDUCKDB_DIR="$DUCKDB_DIR" || return 1
    xargs -r -n 1 -P "$(jobs_count)" clang-tidy --quiet --warnings-as-errors='*' -p build/asan
}

# lint_check NAME COMMAND…: one line a check; the counts end in LINT_PASSED and LINT_FAILED.
lint_check()
{
    name=$1
    shift
    if "$@" >"build/log/lint-$name.log" 2>&1; then
        LINT_PASSED=$((LINT_PASSED + 1))
    else
        LINT_FAILED=$((LINT_FAILED + 1))
        cat "build/log/lint-$name.log" >&2
        say "lint: $name failed"
    fi
}

lint_shell()
{
    for script in dev .ci/run tools/clean-room tools/dev/*.sh; do
        sh -n "$script" || return 1
    done
}

lint_run()
{
    LINT_PASSED=0
    LINT_FAILED=0
    mkdir -p build/log
    say "dev: lint"
    lint_check format lint_format
    lint_check layers python3 tools/check-layers
    lint_check rules python3 tools/lint
    lint_check shell lint_shell
    if [ "${PORTAL:-1}" != 0 ]; then
        [ -x build/vedette ] ||
            say "dev: building the program, from which the portal's types come (build/log/lint-portal.log)"
        lint_check portal lint_portal
    fi
    if [ "$FLAG_TIDY" = 1 ]; then
        find src -name '*.c' | LC_ALL=C sort >build/log/tidy-files
        lint_check tidy lint_tidy <build/log/tidy-files
    fi
}

lint_all()
{
    lint_run
    echo "$LINT_PASSED passed, $LINT_FAILED failed"
    [ "$LINT_FAILED" = 0 ]
}
