# Set-up: what a fresh Debian 12 machine lacks. Does nothing, fast, when nothing is missing.
#
# A need is one line: how to see that it is there, what to look for, the Debian package. What was
# installed in another way than by apt counts too, so other distributions work once they have it all.

DUCKDB_VERSION=1.5.6
DUCKDB_HEADER_PACKAGE=duckdb@1.4.4
DUCKDB_HEADER_SHA512='hEJJ5hyVF0VLj3dmOLpsWrQR0b3d4Ykqtygm6iUXjHJDDnSqg/USKxcb5qvNrOhFYPgktayU6dXCtgPqcmmpog=='
DUCKDB_HEADER_MEMBER=package/src/duckdb/src/include/duckdb.h

NEEDS_BUILD='
cmd gcc gcc
cmd g++ g++
cmd cmake cmake
cmd ninja ninja-build
cmd pkg-config pkg-config
file /usr/include/stdio.h libc6-dev
pc yaml-0.1 libyaml-dev
pc expat libexpat1-dev
pc libpcre2-8 libpcre2-dev
pc zlib zlib1g-dev
pc libzstd libzstd-dev
pc libmaxminddb libmaxminddb-dev
pc sqlite3 libsqlite3-dev
pc libmicrohttpd libmicrohttpd-dev
pc libcurl libcurl4-openssl-dev
pc libcrypto libssl-dev
pc libsodium libsodium-dev
pc rdkafka librdkafka-dev
file /usr/include/s2/s2cell.h libs2-dev
file /usr/share/uap-core/regexes.yaml uap-core
lib libstdc++.so.6 libstdc++6
'
NEEDS_LINT='
cmd clang-format clang-format
cmd clang-tidy clang-tidy
cmd python3 python3
'
NEEDS_TEST='
cmd clang clang
cmd openssl openssl
cmd curl curl
cmd python3 python3
py ensurepip python3-venv
pc cmocka libcmocka-dev
pc jansson libjansson-dev
clangrt fuzzer libclang-rt-14-dev
cmd llvm-symbolizer-14 llvm-14
'
NEEDS_BROWSER='
cmd chromium chromium
'
# Only while DuckDB is not in the cache.
NEEDS_DOWNLOAD='
cmd openssl openssl
file /etc/ssl/certs/ca-certificates.crt ca-certificates
cmd npm npm
'

need_is_met()
{
    case $1 in
    cmd) have "$2" ;;
    file) [ -e "$2" ] ;;
    pc) have pkg-config && pkg-config --exists "$2" ;;
    py) have python3 && python3 -c "import $2" 2>/dev/null ;;
    lib) ldconfig -p 2>/dev/null | grep -q "$2" || /sbin/ldconfig -p 2>/dev/null | grep -q "$2" ;;
    clangrt)
        have clang && runtime=$(clang "--print-file-name=libclang_rt.$2-$(uname -m).a") &&
            [ -e "$runtime" ]
        ;;
    esac
}

# Prints the packages of the needs on standard input that are not met.
missing_packages()
{
    while read -r kind what package; do
        [ -n "$kind" ] || continue
        need_is_met "$kind" "$what" || printf '%s ' "$package"
    done
}

# Sets AS_ROOT to what makes a command run as root, or ends with code 3.
find_root()
{
    if [ "$(id -u)" = 0 ]; then
        AS_ROOT=
    elif have sudo && sudo -n true 2>/dev/null; then
        AS_ROOT='sudo -n'
    else
        die 3 "these packages are missing: $1
     Installing them needs root: run ./dev as root or with sudo that asks for no password, or
     install them yourself:  sudo apt-get install $1"
    fi
}

apt_get()
{
    # shellcheck disable=SC2086 # AS_ROOT is no word or two
    $AS_ROOT env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@"
}

# install_packages PACKAGE…
install_packages()
{
    have apt-get || die 3 "these packages are missing: $*
     This is not a Debian system, so install what corresponds to them yourself. Supported: Debian 12."
    find_root "$*"
    run_logged build/log/apt-update.log "dev: reading the lists of packages" apt_get update ||
        die 4 "apt-get update failed: is there a network, and are the sources right?"
    run_logged build/log/apt-install.log "dev: installing $* (this can take a few minutes)" \
        apt_get install --no-install-recommends "$@" ||
        die 4 "apt-get could not install: $*"
}

# ensure NEEDS…: installs what is missing.
ensure()
{
    missing=$(printf '%s\n' "$@" | missing_packages)
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # a list of words
    install_packages $missing
    left=$(printf '%s\n' "$@" | missing_packages)
    [ -z "$left" ] || die 3 "still missing after the installation: $left"
}

duckdb_platform()
{
    [ "$(uname -s)" = Linux ] || die 6 "DuckDB is fetched for Linux only; set DUCKDB_DIR"
    case $(uname -m) in
    x86_64)
        DUCKDB_LIB_PACKAGE=@duckdb/node-bindings-linux-x64@1.5.6-r.1
        DUCKDB_LIB_SHA512='IXcrZJE6kEqM0Z4wwdVnGBHX/frOS33VPNAwDXQ/Q+Fs84b058Qe94chrCCIcNJlG8Y3UHIUU4eBeCQxW5mN1Q=='
        ;;
    aarch64)
        DUCKDB_LIB_PACKAGE=@duckdb/node-bindings-linux-arm64@1.5.6-r.1
        DUCKDB_LIB_SHA512='3jnUaDil1BrF/6vAZwVaInJ1xoBaWGHB4PDiUnzJWKCo8a8TLx9j7/gPyPl/UGRBftrYIuTihRZSfF4mWMgtWA=='
        ;;
    *) die 6 "no DuckDB is pinned for $(uname -m); set DUCKDB_DIR to a folder with duckdb.h and libduckdb.so" ;;
    esac
}

# fetch_member PACKAGE SHA512 MEMBER OUT: one file out of one pinned npm package. npm's own
# configuration decides which registry, proxy and certificates are used.
fetch_member()
{
    work=$(mktemp -d "$DUCKDB_CACHE.XXXXXX")
    run_logged build/log/npm.log "dev: fetching $1" \
        npm pack --silent --ignore-scripts --pack-destination "$work" "$1" || {
        rm -rf "$work"
        die 4 "npm could not fetch $1: is there a network, and is npm's registry setting right?"
    }
    archive=$(find "$work" -name '*.tgz' | head -n 1)
    hash=$(openssl dgst -sha512 -binary "$archive" | base64 | tr -d '\n')
    if [ "$hash" != "$2" ]; then
        rm -rf "$work"
        die 5 "$1 is not what was pinned: sha512-$hash instead of sha512-$2. Nothing was installed."
    fi
    tar -xzf "$archive" -C "$work" "$3"
    mv "$work/$3" "$4"
    rm -rf "$work"
}

# Leaves DUCKDB_DIR set to a folder with the header and the library.
ensure_duckdb()
{
    if [ -n "${DUCKDB_DIR:-}" ]; then
        for file in duckdb.h libduckdb.so; do
            [ -e "$DUCKDB_DIR/$file" ] || die 3 "DUCKDB_DIR is $DUCKDB_DIR, but there is no $file in it"
        done
        export DUCKDB_DIR
        return 0
    fi
    cache_home=${XDG_CACHE_HOME:-${HOME:-$ROOT/build}/.cache}
    DUCKDB_CACHE=$cache_home/vedette/duckdb-$DUCKDB_VERSION
    if [ ! -e "$DUCKDB_CACHE/duckdb.h" ] || [ ! -e "$DUCKDB_CACHE/libduckdb.so" ]; then
        duckdb_platform
        have npm || say "dev: npm is needed once to fetch DuckDB; Debian's brings some 390 small packages"
        ensure "$NEEDS_DOWNLOAD"
        mkdir -p "$DUCKDB_CACHE"
        fetch_member "$DUCKDB_HEADER_PACKAGE" "$DUCKDB_HEADER_SHA512" "$DUCKDB_HEADER_MEMBER" \
            "$DUCKDB_CACHE/duckdb.h"
        fetch_member "$DUCKDB_LIB_PACKAGE" "$DUCKDB_LIB_SHA512" package/libduckdb.so \
            "$DUCKDB_CACHE/libduckdb.so"
    fi
    DUCKDB_DIR=$DUCKDB_CACHE
    export DUCKDB_DIR
}

setup_build()
{
    ensure "$NEEDS_BUILD"
    ensure_duckdb
}

setup_lint()
{
    ensure "$NEEDS_LINT" "$NEEDS_PORTAL"
}

setup_all()
{
    ensure "$NEEDS_BUILD" "$NEEDS_LINT" "$NEEDS_TEST" "$NEEDS_PORTAL" "$NEEDS_BROWSER"
    ensure_duckdb
}
