# shellcheck shell=bash
# What every step of scripts/setup uses: messages, root, the lock, and folders that appear whole or not at all.

STARTED=$SECONDS

ok() { printf '  %-12s %s\n' "$1" "$2"; }
step() { printf '  %-12s %s ...\n' "$1" "$2"; }
die() { printf 'scripts/setup: %s\n' "$*" >&2; exit 1; }
loud() {
    printf '\n  !! %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  !! %s\n' "$line" >&2; done
    printf '\n' >&2
}
done_line() { printf '  %-12s %s (%s s)\n' ready "$FARSHORE_CACHE" "$((SECONDS - STARTED))"; }

# Runs a command as root: directly, or by sudo. Proxy settings and DEBIAN_FRONTEND survive sudo by being passed on.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo env "DEBIAN_FRONTEND=${DEBIAN_FRONTEND:-noninteractive}" ${http_proxy:+"http_proxy=$http_proxy"} \
            ${https_proxy:+"https_proxy=$https_proxy"} "$@"
    else
        die "root is needed to run '$1', and there is no sudo: run it as root, or install sudo."
    fi
}

# Two set-ups at once: the second one waits. The descriptor closes with the shell, whatever way it ends.
lock_cache() {
    exec 9> "$FARSHORE_CACHE/.lock"
    flock -n 9 || { step lock "another scripts/setup is running, waiting for it"; flock 9; }
    find "$FARSHORE_CACHE/.work" -mindepth 1 -maxdepth 1 -exec rm -rf {} + # what an interrupted run left
}

work_dir() { mktemp -d "$FARSHORE_CACHE/.work/$1.XXXXXX"; }

# Runs a noisy command with its output in a log; shows the log's end only when it fails.
quietly() { # LOG COMMAND...
    local log=$1
    shift
    "$@" >> "$log" 2>&1 9>&- || {
        printf '%s\n' "--- the end of $log:" >&2
        tail -n 25 "$log" >&2
        return 1
    }
}

# A folder is complete when the checksums that were written beside it at its making still hold.
is_complete() { # DIR
    [ -f "$1/.sha256" ] && (cd "$1" && sha256sum --quiet --status -c .sha256)
}

# Publishes WORK as DIR: writes the checksums of the files that matter, then renames.
publish() { # WORK DIR FILE...
    local work=$1 dir=$2
    shift 2
    (cd "$work" && sha256sum -- "$@" > .sha256)
    chmod 755 "$work" # mktemp makes it private; servers of the lab may run as another user
    rm -rf "$dir"
    mv -T "$work" "$dir"
}
