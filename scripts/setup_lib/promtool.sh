# shellcheck shell=bash
# promtool, which checks the metrics. Its package is Prometheus itself, whose installation would start a daemon: only the
# one file is taken out of it, unless it is installed already.

PROMTOOL_DIR=promtool

promtool_path() { command -v promtool || echo "$FARSHORE_CACHE/$PROMTOOL_DIR/promtool"; }

setup_promtool() {
    local dir=$FARSHORE_CACHE/$PROMTOOL_DIR work
    if command -v promtool > /dev/null || is_complete "$dir"; then
        ok promtool "is there"
        return
    fi
    step promtool "fetching"
    work=$(work_dir promtool)
    (cd "$work" && quietly "$work/log" apt-get -q -o Acquire::Retries=3 -o APT::Sandbox::User=root download prometheus) ||
        (quietly "$work/log" as_root apt-get update && cd "$work" &&
            quietly "$work/log" apt-get -q -o APT::Sandbox::User=root download prometheus) ||
        die "the package 'prometheus' (for promtool) could not be fetched."
    mkdir "$work/out"
    dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar -x -C "$work/out" --strip-components=3 ./usr/bin/promtool
    publish "$work/out" "$dir" promtool
    rm -rf "$work"
    ok promtool "fetched"
}
