# The portal: web/ is built into build/portal, again only when something in web/ has changed.

NEEDS_PORTAL='
cmd node nodejs
cmd npm npm
file /etc/ssl/certs/ca-certificates.crt ca-certificates
'

# One hash over names and contents of what the build reads; the types of the API come from the program.
portal_hash()
{
    {
        find web -name node_modules -prune -o -type f ! -path web/src/api/schema.ts -print | LC_ALL=C sort |
            xargs sha256sum
        build/vedette openapi
    } | sha256sum | cut -c 1-64
}

# Packages of the folder $1, as its lock file pins them; again only when that has changed. npm's own
# configuration decides on the registry.
npm_packages()
{
    wanted=$(sha256sum <"$1/package-lock.json" | cut -c 1-64)
    if [ "$(cat "$1/node_modules/.lock-hash" 2>/dev/null)" = "$wanted" ]; then
        return 0
    fi
    # A folder that was filled by hand counts when npm finds nothing amiss.
    if [ ! -d "$1/node_modules" ] || ! (cd "$1" && npm ls --all >/dev/null 2>&1); then
        run_logged "build/log/npm-$(basename "$1").log" "dev: fetching packages of $1" \
            npm ci --prefix "$1" --no-audit --no-fund --ignore-scripts || return 1
    fi
    printf '%s\n' "$wanted" >"$1/node_modules/.lock-hash"
}

# portal_build: leaves build/portal; ends with code 4 when packages can't be fetched.
portal_build()
{
    hash=$(portal_hash)
    if [ "$(cat build/portal.hash 2>/dev/null)" = "$hash" ] && [ -e build/portal/index.html ]; then
        return 0
    fi
    ensure "$NEEDS_PORTAL"
    npm_packages web ||
        die 4 "npm could not fetch the portal's packages: is there a network, and is npm's registry setting right?
     To build the program without the portal: ./dev build PORTAL=0"
    run_logged build/log/build-portal.log "dev: building the portal" npm run --silent --prefix web build ||
        die 1 "the portal can't be built"
    printf '%s\n' "$hash" >build/portal.hash
}

# Unless PORTAL=0 says that it is not wanted.
portal_build_wanted()
{
    [ "${PORTAL:-1}" = 0 ] || portal_build
}

# Layout and types, here and in the browser's tests. Types of the API come from the program.
lint_portal()
{
    (npm_packages web) & # which waits for a registry while the compiler works
    fetching=$!
    if [ ! -x build/vedette ]; then
        (setup_build && PORTAL=0 && build_preset release) || return 1
    fi
    wait "$fetching" && npm run --silent --prefix web lint
}
