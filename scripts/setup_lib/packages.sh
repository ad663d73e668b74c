# shellcheck shell=bash
# Packages of this Debian release. None of them starts a daemon: of the servers only the -core packages are taken.

BUILD_PACKAGES="build-essential g++ cmake ninja-build ccache mold pkg-config git ca-certificates dpkg-dev
    libmariadb-dev libmysqlcppconn-dev libfmt-dev libspdlog-dev prometheus-cpp-dev libgtest-dev libgmock-dev
    protobuf-compiler libprotobuf-dev libzstd-dev libxxhash-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
    libcpp-httplib-dev libbenchmark-dev libssl-dev libsasl2-dev liblz4-dev zlib1g-dev"
RUN_PACKAGES="mariadb-server-core mariadb-client mariadb-client-core kcat sysbench procps openssl
    python3 python3-pymysql python3-cryptography python3-yaml python3-pytest python3-confluent-kafka"
LINT_PACKAGES="clang-format-19 clang-tidy-19"

JAVA_VERSION_MIN=17 # Kafka 4.1's

java_suits() {
    local version
    version=$(java -version 2>&1 | sed -n '1s/.* version "\([0-9]*\).*/\1/p') || return 1
    [ "${version:-0}" -ge "$JAVA_VERSION_MIN" ]
}

wanted_packages() {
    echo $BUILD_PACKAGES $RUN_PACKAGES
    [ "$LINT" = no ] || echo $LINT_PACKAGES
    java_suits || echo default-jre-headless
    command -v mvn > /dev/null || echo maven
}

missing_packages() {
    local package
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2> /dev/null | sed -n 's/^installed //p' | sort -u > "$1/installed"
    for package in $(wanted_packages); do
        grep -qxF "$package" "$1/installed" || echo "$package"
    done
}

install_packages() {
    local work missing
    work=$(work_dir packages)
    missing=$(missing_packages "$work" | tr '\n' ' ')
    if [ -z "${missing// /}" ]; then
        ok packages "all installed"
        rm -rf "$work"
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    step packages "installing $missing"
    quietly "$work/log" as_root dpkg --configure -a || # an installation that was interrupted
        die "'dpkg --configure -a' failed: mend this machine's packages first."
    quietly "$work/log" as_root apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update ||
        die "'apt-get update' failed: check this machine's network and apt sources."
    # shellcheck disable=SC2086
    quietly "$work/log" as_root apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -y \
        --no-install-recommends install $missing ||
        die "packages could not be installed; the lines above say why."
    rm -rf "$work"
    java_suits || die "the 'java' in PATH is older than $JAVA_VERSION_MIN, which Kafka needs: let 'update-alternatives --config java' choose the newer one."
    ok packages "installed"
}
