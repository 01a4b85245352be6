# shellcheck shell=sh
# What `run`, `test` and `.ci/run` share: packages of the system, and the virtual environment in `.venv`.
# Sourced with the checkout as the working directory. POSIX sh.

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$0: $*"
    exit 1
}

# Installs system packages as root or through sudo; where neither works, prints the one line to type and ends.
install_packages() {
    command -v apt-get >/dev/null 2>&1 || fail "this system has no apt; please install what corresponds to: $*"
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            as_root=sudo
        else
            fail "missing system packages; type: su -c 'apt-get update && apt-get install -y $*'"
        fi
    fi
    say "Installing system packages: $*"
    {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
    } >/dev/null </dev/null || fail "apt could not install: $*"
}

# Prints the first Python that is new enough; with an argument, that can also make virtual environments.
find_python() {
    needed='import sys; sys.exit(sys.version_info < (3, 11))'
    [ $# -eq 0 ] || needed="import ensurepip, venv; $needed"
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3; do
        if "$candidate" -c "$needed" >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

ensure_python() {
    python=$(find_python with-venv) && return 0
    if python=$(find_python); then
        install_packages "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    else
        install_packages python3 python3-venv
    fi
    python=$(find_python with-venv) || fail "Python 3.11 or newer is needed and this system's packages do not have it"
}

# Builds or updates .venv from a hashed lock file; does nothing, in a few milliseconds, when nothing changed.
# What it was built from is kept inside it as copies, so that a changed lock, setup.cfg or place is noticed.
ensure_venv() {
    lock=$1
    here=$(pwd)
    if [ -x .venv/bin/python ] && [ "$(cat .venv/place 2>/dev/null)" = "$here" ] &&
        cmp -s "$lock" ".venv/$lock" && cmp -s setup.cfg .venv/setup.cfg; then
        return 0
    fi
    [ -w . ] || fail "no permission to write in $here; use a checkout of your own"
    if [ -d .venv ] && { [ "$(cat .venv/place 2>/dev/null || pwd)" != "$here" ] || ! .venv/bin/python -c '' 2>/dev/null; }; then
        rm -rf .venv # It was made for another folder or another Python: its scripts would not start.
    fi
    ensure_python
    say "Building .venv from $lock"
    [ -x .venv/bin/pip ] || "$python" -m venv .venv || fail "could not make .venv"
    rm -f .venv/place
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock" >&2 ||
        fail "could not install what $lock lists"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e . >&2 || fail "could not install the project itself"
    cp setup.cfg "$lock" .venv/
    [ "$lock" = requirements.lock ] || cp requirements.lock .venv/ # The development lock contains the other one.
    printf '%s\n' "$here" >.venv/place
}

# Installs what a package-lock.json of a folder lists into .venv/node; does nothing when it is there.
ensure_node_modules() {
    if [ -d .venv/node/node_modules ] && cmp -s "$1/package-lock.json" .venv/node/installed; then
        return 0
    fi
    say "Installing what $1/package-lock.json lists"
    mkdir -p .venv/node
    cp "$1/package.json" "$1/package-lock.json" .venv/node/
    (cd .venv/node && npm ci --silent --no-audit --no-fund --ignore-scripts) >&2 ||
        fail "npm could not install what $1/package-lock.json lists"
    cp "$1/package-lock.json" .venv/node/installed
}
