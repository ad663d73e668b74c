# shellcheck shell=bash
# librdkafka, static, from the source package of Debian trixie (the release's own is too old).

RDKAFKA_VERSION=2.8.0
RDKAFKA_DIR=librdkafka-$RDKAFKA_VERSION-1 # the last number grows when the recipe below changes

setup_librdkafka() {
    local dir=$FARSHORE_CACHE/$RDKAFKA_DIR work
    if is_complete "$dir"; then
        ok librdkafka "$RDKAFKA_VERSION is there"
        return
    fi
    step librdkafka "$RDKAFKA_VERSION: fetching trixie's source package"
    work=$(work_dir librdkafka)
    foreign_apt_prepare "$work" trixie deb-src || die "the package lists of Debian trixie could not be read."
    (cd "$work" && quietly "$work/log" foreign_apt "$work" --download-only source librdkafka) ||
        die "librdkafka's source package could not be fetched."
    (cd "$work" && quietly "$work/log" dpkg-source --no-check -x librdkafka_"$RDKAFKA_VERSION"-*.dsc source) ||
        die "trixie's librdkafka is not $RDKAFKA_VERSION any more: set RDKAFKA_VERSION in scripts/setup_lib/librdkafka.sh."
    step librdkafka "building, a minute or two"
    build_librdkafka "$work" || die "librdkafka could not be built; the lines above say why."
    (cd "$work/stage" && publish "$work/stage" "$dir" include/librdkafka/rdkafka.h lib/librdkafka.a)
    rm -rf "$work"
    ok librdkafka "$RDKAFKA_VERSION built"
}

build_librdkafka() { # WORK
    local work=$1 dir=$FARSHORE_CACHE/$RDKAFKA_DIR
    quietly "$work/log" cmake -S "$work/source" -B "$work/build" -GNinja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
        -DRDKAFKA_BUILD_STATIC=ON -DRDKAFKA_BUILD_TESTS=OFF -DRDKAFKA_BUILD_EXAMPLES=OFF -DENABLE_LZ4_EXT=ON \
        -DWITH_CURL=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_PREFIX="$dir" &&
        quietly "$work/log" ninja -C "$work/build" &&
        quietly "$work/log" env DESTDIR="$work/destdir" ninja -C "$work/build" install &&
        mv "$work/destdir$dir" "$work/stage"
}
