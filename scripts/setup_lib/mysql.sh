# shellcheck shell=bash
# MySQL 9 from Debian sid, unpacked beside the system and run with its own loader and libraries. Sid keeps only its newest
# version, so it cannot be pinned: the version found is printed and is part of the folder's name.

MYSQL_MISSING_MARKER=mysql-missing # in the cache: why there is no MySQL; the MySQL tests are skipped for that reason
MYSQL_RETRY_AFTER_MINUTES=60

# The newest complete MySQL of the cache, or nothing.
mysql_root() {
    local dir
    while read -r dir; do
        if is_complete "$dir"; then
            echo "$dir"
            return
        fi
    done < <(find "$FARSHORE_CACHE" -maxdepth 1 -type d -name 'mysql-[0-9]*' 2> /dev/null | sort -rV)
}

setup_mysql() {
    local dir
    dir=$(mysql_root)
    if [ -n "$dir" ]; then
        rm -f "$FARSHORE_CACHE/$MYSQL_MISSING_MARKER"
        ok mysql "${dir##*/mysql-} is there"
        return
    fi
    if [ -n "$(find "$FARSHORE_CACHE" -maxdepth 1 -name "$MYSQL_MISSING_MARKER" \
        -mmin "-$MYSQL_RETRY_AFTER_MINUTES" 2> /dev/null)" ]; then
        without_mysql "$(cat "$FARSHORE_CACHE/$MYSQL_MISSING_MARKER")"
        return
    fi
    step mysql "fetching Debian sid's (60 MB)"
    if fetch_mysql; then
        rm -f "$FARSHORE_CACHE/$MYSQL_MISSING_MARKER"
        dir=$(mysql_root)
        ok mysql "${dir##*/mysql-} unpacked"
    else
        echo "Debian sid's mysql-server-core could not be had on $(date -u +%FT%TZ)" > "$FARSHORE_CACHE/$MYSQL_MISSING_MARKER"
        without_mysql "$(cat "$FARSHORE_CACHE/$MYSQL_MISSING_MARKER")"
    fi
}

without_mysql() { # REASON
    loud "NO MYSQL: $1." \
        "The lab and the demo use MariaDB in every region; the MySQL tests are reported as skipped." \
        "Tried again after $MYSQL_RETRY_AFTER_MINUTES minutes, or when $FARSHORE_CACHE/$MYSQL_MISSING_MARKER is removed."
}

fetch_mysql() {
    local work root version deb
    work=$(work_dir mysql)
    root=$work/root
    foreign_apt_prepare "$work" sid deb || return 1
    quietly "$work/log" foreign_apt "$work" install --download-only --no-install-recommends mysql-server-core || return 1
    mkdir "$root"
    for deb in "$work"/apt/cache/archives/*.deb; do
        quietly "$work/log" dpkg-deb -x "$deb" "$root" || return 1
    done
    version=$(mysqld_version "$root") || return 1
    chmod 755 "$root"
    (cd "$root" && publish "$root" "$FARSHORE_CACHE/mysql-$version" usr/sbin/mysqld) || return 1
    rm -rf "$work"
}

mysqld_version() { # ROOT
    local lib loader
    lib=$(echo "$1"/usr/lib/*-linux-gnu)
    loader=$(find "$lib" -maxdepth 1 -name 'ld-linux-*.so.*' | head -n 1)
    [ -n "$loader" ] || { echo "no loader in $lib" >&2; return 1; }
    "$loader" --library-path "$lib" "$1/usr/sbin/mysqld" --no-defaults --version 2> /dev/null |
        sed -n 's/.* Ver \([0-9.]*\).*/\1/p' | grep .
}
