# shellcheck shell=bash
# Packages of a later Debian release, fetched beside the system: apt with state folders of its own, so that the machine's
# lists, cache and installed packages are neither used nor changed. Host, key and proxy are those of the machine's own apt.

# The archive that this release's own packages come from, as apt itself sees it.
debian_archive() {
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$codename" '$2 == release && $3 == "main" { print $1; exit }'
}

# The Signed-By of the entry with that URI (deb822 or one line), if it is a file; else Debian's keyring.
debian_keyring() { # URI
    local uri=${1%/} found
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
        awk -v uri="$uri" '/^deb/ && index($0, uri) && match($0, /signed-by=[^] ]*/) {
            print substr($0, RSTART + 10, RLENGTH - 10); exit }')
    [ -n "$found" ] || found=$(for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || { cat "$file"; echo; }
    done | awk -v uri="$uri" 'BEGIN { RS = ""; FS = "\n" } index($0, uri) {
            for (i = 1; i <= NF; i++) if (tolower($i) ~ /^signed-by:/) { sub(/^[^:]*: */, "", $i); print $i; exit } }')
    if [ -f "$found" ]; then
        echo "$found"
    elif [ -f /usr/share/keyrings/debian-archive-keyring.gpg ]; then
        echo /usr/share/keyrings/debian-archive-keyring.gpg
    fi
}

# foreign_apt_prepare WORK SUITE TYPE...: makes a source of SUITE in WORK and reads its lists. Fails if it cannot.
foreign_apt_prepare() {
    local work=$1 suite=$2 uri keyring type
    shift 2
    uri=$(debian_archive)
    if [ -z "$uri" ]; then # a machine whose lists were never fetched
        quietly "$work/log" as_root apt-get update || return 1
        uri=$(debian_archive)
    fi
    [ -n "$uri" ] || { echo "no apt source of this machine offers this Debian release's main component" >&2; return 1; }
    keyring=$(debian_keyring "$uri")
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/etc"
    : > "$work/apt/status"
    for type in "$@"; do
        echo "$type ${keyring:+[signed-by=$keyring] }$uri $suite main"
    done > "$work/apt/sources.list"
    quietly "$work/log" foreign_apt "$work" update
}

# A mirror that keeps a snapshot is good enough: what comes is signed by Debian all the same, only perhaps not its newest.
foreign_apt() { # WORK APT-GET-ARGUMENTS...
    local work=$1
    shift
    apt-get -q -y -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State="$work/apt" -o Dir::State::Lists="$work/apt/lists" -o Dir::State::status="$work/apt/status" \
        -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Retries=3 \
        -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "$@"
}
