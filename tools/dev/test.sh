# The whole proof, in the order in which it fails fastest. Each suite prints its own lines and ends
# with 'N passed, N failed[, N skipped]'; this adds them up. --quick leaves out the sanitizer and thread
# builds, fuzzing and the long suites.

TOTAL_PASSED=0
TOTAL_FAILED=0
TOTAL_SKIPPED=0
BESIDE=      # names of suites that run beside others, a line each
BESIDE_LAST= # log of the last of them

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
    sed -n 's/^rate: /    /p' "$3"
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

suite_log_of()
{
    printf 'build/log/suite-%s.log' "$(printf '%s' "$1" | tr ' /' '--')"
}

# suite_run LOG LIMIT_SECONDS COMMAND…: its exit code is in $code.
suite_run()
{
    suite_log=$1
    limit=$(($2 * ${PATIENCE:-1}))
    shift 2
    code=0
    timeout -k 10 "$limit" "$@" >"$suite_log" 2>&1 || code=$?
    if [ "$code" = 124 ]; then
        echo "dev: stopped after $limit s" >>"$suite_log"
    fi
}

# suite NAME LIMIT_SECONDS COMMAND…
suite()
{
    suite_name=$1
    shift
    SUITE_STARTED=$(date +%s)
    say "dev: $suite_name"
    suite_run "$(suite_log_of "$suite_name")" "$@"
    count_line "$suite_name" "$code" "$suite_log"
}

# suite_beside NAME LIMIT COMMAND…: starts a suite in the background, behind those that were started so
# before; suites_beside_end counts them.
suite_beside()
{
    suite_name=$1
    shift
    suite_log=$(suite_log_of "$suite_name")
    BESIDE="$BESIDE$suite_name
"
    before=$BESIDE_LAST
    BESIDE_LAST=$suite_log
    rm -f "$suite_log.code"
    (
        while [ -n "$before" ] && [ ! -e "$before.code" ]; do sleep 1; done
        date +%s >"$suite_log.from"
        suite_run "$suite_log" "$@"
        echo "$(($(date +%s) - $(cat "$suite_log.from")))" >"$suite_log.seconds"
        echo "$code" >"$suite_log.code"
    ) &
}

suites_beside_end()
{
    wait
    printf '%s' "$BESIDE" >build/log/beside
    while IFS= read -r suite_name; do
        suite_log=$(suite_log_of "$suite_name")
        SUITE_STARTED=$(($(date +%s) - $(cat "$suite_log.seconds")))
        count_line "$suite_name" "$(cat "$suite_log.code")" "$suite_log"
    done <build/log/beside
    BESIDE=
    BESIDE_LAST=
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

# suite_build PRESET [TARGET…]: a build counts as one test: it fails on any warning.
suite_build()
{
    SUITE_STARTED=$(date +%s)
    if (build_preset "$@"); then
        count "build $1" 1 0 0
    else
        count "build $1" 0 1 0
        suites_beside_end
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

# Tests that wait for a clock, a port or a disk half of their time.
jobs_waiting()
{
    echo $(($(jobs_count) + 1))
}

# Scenarios take three times as long under a sanitizer. So each commit runs a sixth of them so, the others
# with the plain program, and six commits in a row run all; SANITIZE=all runs all at once.
sanitized_turn()
{
    [ "${SANITIZE:-}" != all ] || return 0
    commits=$(git -c safe.directory="$ROOT" rev-list --count HEAD 2>/dev/null || echo 0)
    echo "$((commits % 6))/6"
}

# Every leak and every undefined behaviour ends the server.
suite_scenario_asan()
{
    turn=$(sanitized_turn)
    LSAN_OPTIONS="suppressions=$ROOT/tests/lsan.supp:print_suppressions=0" VEDETTE="$ROOT/build/asan/vedette" \
        VEDETTE_PLAIN="$ROOT/build/vedette" VEDETTE_TURN="${turn:-0/1}" \
        suite "scenario asan" 900 python3 tests/scenario/run.py -j "$(jobs_waiting)"
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
        suite "scenario tsan" 600 python3 tests/scenario/run.py -j "$(jobs_count)" shutdown system_clock retry catch_up hangs_up full_queue can_be_cancelled \
        stop_cancels every_transport a_stop_keeps readonly a_backup_while test_cap many_threads first_rows test_events people_at_once
}

suite_fuzz()
{
    SUITE_STARTED=$(date +%s)
    running=0
    for target in $(fuzz_targets); do # each has one thread
        rm -f "build/log/$target.passed"
        (fuzz_one "$target" "${FUZZ_SECONDS:-2}" && : >"build/log/$target.passed") &
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

# The suites that drive the real program. Their runners find it by VEDETTE. Most of them keep one core
# busy, so they run beside what comes next.
suites_program()
{
    export VEDETTE="$ROOT/build/vedette"
    suite_beside kql 300 python3 tests/kql/run.py
    suite_beside "kql format" 120 python3 tests/kql/format.py
    suite_beside "kql properties" 120 python3 tests/kql/properties.py
    suite_beside "kql mistakes" 120 python3 tests/kql/mistakes.py
    suite_beside "kql names" 120 python3 tests/kql/names.py
    suite_beside "kql reference" 120 python3 tests/kql/reference.py
    suite_beside conformance 600 python3 tests/conformance/run.py
    suite_beside clients 300 python3 tests/clients/run.py
    suite_beside "kql language service" 300 python3 tests/kql/language_service.py
    suite_beside "clients kusto" 300 python3 tests/clients/kusto.py
    suite_beside "clients python" 300 python3 tests/clients/azure_python.py
    if [ -d content/rules/tests ] && build/vedette rules test --help >/dev/null 2>&1; then
        suite_beside rules 300 build/vedette rules test content/rules
    fi
    suite_beside browser 900 python3 tests/browser/run.py
}

# Those that wait for others: brokers, stores, packages, servers that are killed. Not behind the others.
suites_waiting()
{
    export VEDETTE="$ROOT/build/vedette"
    BESIDE_LAST=
    suite_beside "clients kafka" 420 python3 tests/clients/kafka_topics.py
    suite_beside "clients s3" 300 python3 tests/clients/s3_stores.py
    suite_beside "clients otlp" 300 python3 tests/clients/otlp.py
    suite_beside "clients lake" 420 python3 tests/clients/lake.py
    [ "$FLAG_QUICK" = 1 ] || suite_beside fault 900 env \
        LSAN_OPTIONS="suppressions=$ROOT/tests/lsan.supp:print_suppressions=0" python3 tests/fault/run.py
}

test_all()
{
    case ${PATIENCE:=1} in
    0* | *[!0-9]*) die 2 "PATIENCE=$PATIENCE: a whole number from 1 on expected" ;;
    esac
    setup_all
    export VEDETTE_START_LIMIT="${VEDETTE_START_LIMIT:-$((20 * PATIENCE))}"
    export ASAN_OPTIONS="detect_leaks=1:halt_on_error=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
    export TSAN_OPTIONS="halt_on_error=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
    suite_lint
    if [ "$FLAG_QUICK" = 1 ]; then
        suite_build dev
        suite_unit dev
        suite_build release all benches
        suites_program
        suites_waiting
        suite scenario 600 python3 tests/scenario/run.py -j "$(jobs_waiting)"
        suites_beside_end
    else
        suite_build release all benches
        suites_program
        suite_build asan
        suites_waiting
        suite_unit asan
        suite_scenario_asan
        suite_kql_asan
        suite_build tsan
        suite_unit tsan -L threads
        suite_scenario_tsan
        suites_beside_end
        suite_fuzz
    fi
    finish
}
