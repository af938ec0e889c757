# The whole proof, in the order in which it fails fastest. Each suite prints its own lines and ends
# with 'N passed, N failed[, N skipped]'; this adds them up. --quick leaves out the sanitizer, thread
# and fuzz builds and the long suites.

TOTAL_PASSED=0
TOTAL_FAILED=0
TOTAL_SKIPPED=0

# count NAME PASSED FAILED SKIPPED
count()
{
    TOTAL_PASSED=$((TOTAL_PASSED + $2))
    TOTAL_FAILED=$((TOTAL_FAILED + $3))
    TOTAL_SKIPPED=$((TOTAL_SKIPPED + $4))
    printf '%-24s %6d passed %6d failed %6d skipped  %5d s\n' "$1" "$2" "$3" "$4" \
        "$(($(date +%s) - SUITE_STARTED))"
}

# count_line NAME EXIT_CODE LOG: reads the closing line; a suite that ends badly without saying so
# counts as one failure.
count_line()
{
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$3" | tail -n 1)
    passed=$(printf '%s' "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
    failed=$(printf '%s' "$line" | sed -n 's/.* \([0-9]*\) failed.*/\1/p')
    skipped=$(printf '%s' "$line" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')
    if [ -z "$line" ] || { [ "$2" != 0 ] && [ "${failed:-0}" = 0 ]; }; then
        say "dev: $1 ended with code $2: ${line:-no closing line}"
        failed=$((${failed:-0} + 1))
    fi
    if [ "${failed:-0}" != 0 ]; then
        tail -n "${FAIL_LINES:-60}" "$3" >&2
        say "dev: $1: whole output in $3"
    fi
    count "$1" "${passed:-0}" "${failed:-0}" "${skipped:-0}"
}

# suite NAME LIMIT_SECONDS COMMAND…
suite()
{
    suite_name=$1
    limit=$2
    shift 2
    SUITE_STARTED=$(date +%s)
    suite_log=build/log/suite-$(printf '%s' "$suite_name" | tr ' /' '--').log
    say "dev: $suite_name"
    code=0
    timeout -k 10 "$limit" "$@" >"$suite_log" 2>&1 || code=$?
    [ "$code" = 124 ] && echo "dev: stopped after $limit s" >>"$suite_log"
    sed -n 's/^rate: /    /p' "$suite_log"
    count_line "$suite_name" "$code" "$suite_log"
}

# suite_if FILE NAME LIMIT …: a suite whose runner is there.
suite_if()
{
    [ -e "$1" ] || return 0
    shift
    suite "$@"
}

suite_lint()
{
    SUITE_STARTED=$(date +%s)
    lint_run
    if have git && [ -z "${CI:-}" ] && [ "$FLAG_QUICK" = 0 ]; then
        changed_sources | grep '^src/' >build/log/tidy-files || true
        [ -s build/log/tidy-files ] && lint_check tidy lint_tidy <build/log/tidy-files
    fi
    count lint "$LINT_PASSED" "$LINT_FAILED" 0
}

# A build counts as one test: it fails on any warning.
suite_build()
{
    SUITE_STARTED=$(date +%s)
    if (build_preset "$1"); then
        count "build $1" 1 0 0
    else
        count "build $1" 0 1 0
        finish
    fi
}

# suite_unit PRESET [ctest arguments]
suite_unit()
{
    preset=$1
    shift
    suite "unit $preset" 600 python3 tools/run-ctest "build/$preset" -j "$(jobs_count)" "$@"
}

# The scenarios again, with every leak and every undefined behaviour ending the server.
suite_scenario_asan()
{
    LSAN_OPTIONS="suppressions=$ROOT/tests/lsan.supp:print_suppressions=0" VEDETTE="$ROOT/build/asan/vedette" \
        suite "scenario asan" 600 python3 tests/scenario/run.py -j "$(jobs_count)"
}

suite_kql_asan()
{
    LSAN_OPTIONS="suppressions=$ROOT/tests/lsan.supp:print_suppressions=0" VEDETTE="$ROOT/build/asan/vedette" \
        suite "kql asan" 300 python3 tests/kql/run.py
}

# Those scenarios in which many threads meet.
suite_scenario_tsan()
{
    build_preset tsan vedette
    TSAN_OPTIONS="$TSAN_OPTIONS:suppressions=$ROOT/tests/tsan.supp:print_suppressions=0" \
        VEDETTE="$ROOT/build/tsan/vedette" \
        suite "scenario tsan" 600 python3 tests/scenario/run.py -j "$(jobs_count)" shutdown system_clock retry catch_up hangs_up full_queue \
        stop_cancels every_transport a_stop_keeps readonly a_backup_while test_cap many_threads
}

suite_fuzz()
{
    suite_build fuzz
    SUITE_STARTED=$(date +%s)
    running=0
    for target in $(fuzz_targets); do # each has one thread
        rm -f "build/log/$target.passed"
        (fuzz_one "$target" "${FUZZ_SECONDS:-10}" && : >"build/log/$target.passed") &
        running=$((running + 1))
        [ $((running % $(jobs_count))) != 0 ] || wait
    done
    wait
    for target in $(fuzz_targets); do
        if [ -e "build/log/$target.passed" ]; then
            count "$target" 1 0 0
        else
            tail -n 40 "build/log/$target.log" >&2
            count "$target" 0 1 0
        fi
    done
}

finish()
{
    if [ "$TOTAL_SKIPPED" = 0 ]; then
        echo "$TOTAL_PASSED passed, $TOTAL_FAILED failed"
    else
        echo "$TOTAL_PASSED passed, $TOTAL_FAILED failed, $TOTAL_SKIPPED skipped"
    fi
    [ "$TOTAL_FAILED" = 0 ] && [ "$TOTAL_PASSED" -gt 0 ]
    exit $?
}

# The suites that drive the real program. Their runners find it by VEDETTE.
suites_program()
{
    export VEDETTE="$ROOT/build/vedette"
    suite_if tests/scenario/run.py scenario 600 python3 tests/scenario/run.py -j "$(jobs_count)"
    suite kql 300 python3 tests/kql/run.py
    suite "kql format" 120 python3 tests/kql/format.py
    suite "kql properties" 120 python3 tests/kql/properties.py
    suite "kql mistakes" 120 python3 tests/kql/mistakes.py
    suite "kql names" 120 python3 tests/kql/names.py
    suite "kql reference" 120 python3 tests/kql/reference.py
    suite_if tests/conformance/run.py conformance 600 python3 tests/conformance/run.py
    suite_if tests/clients/run.py clients 300 python3 tests/clients/run.py
    suite "kql language service" 300 python3 tests/kql/language_service.py
    suite "clients kusto" 300 python3 tests/clients/kusto.py
    suite "clients kafka" 420 python3 tests/clients/kafka_topics.py
    suite "clients otlp" 300 python3 tests/clients/otlp.py
    if [ "$FLAG_QUICK" = 0 ]; then
        suite_if tests/fault/run.py fault 600 python3 tests/fault/run.py
    fi
    suite_if tests/content/run.py content 300 python3 tests/content/run.py
    if [ -d content/rules/tests ] && build/vedette rules test --help >/dev/null 2>&1; then
        suite rules 300 build/vedette rules test content/rules
    fi
}

test_all()
{
    setup_all
    export ASAN_OPTIONS="detect_leaks=1:halt_on_error=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
    export TSAN_OPTIONS="halt_on_error=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
    suite_lint
    suite_build dev
    suite_unit dev
    suite_build release
    suites_program
    if [ "$FLAG_QUICK" = 0 ]; then
        suite_build asan
        suite_unit asan
        suite_scenario_asan
        suite_kql_asan
        suite_build tsan
        suite_unit tsan -L threads
        suite_scenario_tsan
        suite_fuzz
    fi
    finish
}
