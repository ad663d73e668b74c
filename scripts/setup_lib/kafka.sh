# shellcheck shell=bash
# Kafka and MirrorMaker 2: the jars that scripts/kafka/pom.xml names, by Maven, checked against scripts/kafka/jars.sha256.

KAFKA_VERSION=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$SCRIPTS/kafka/pom.xml")
KAFKA_DIR=kafka-$KAFKA_VERSION
KAFKA_CHECKSUMS=$SCRIPTS/kafka/jars.sha256

setup_kafka() {
    local dir=$FARSHORE_CACHE/$KAFKA_DIR work
    if is_complete "$dir" && cmp -s "$dir/.sha256" "$KAFKA_CHECKSUMS"; then
        ok kafka "$KAFKA_VERSION with MirrorMaker 2 is there"
        return
    fi
    step kafka "$KAFKA_VERSION with MirrorMaker 2: fetching with Maven"
    work=$(work_dir kafka)
    cp "$SCRIPTS/kafka/pom.xml" "$work/pom.xml"
    # A repository of its own, thrown away afterwards: the user's ~/.m2 is neither trusted nor grown.
    quietly "$work/log" mvn -q -B -f "$work/pom.xml" -Dmaven.repo.local="$work/repository" \
        dependency:copy-dependencies -DoutputDirectory="$work/jars" ||
        die "Kafka's jars could not be fetched: check this machine's Maven settings and network."
    (cd "$work/jars" && sha256sum -- *.jar > "$work/found")
    if ! cmp -s "$work/found" "$KAFKA_CHECKSUMS"; then
        diff "$KAFKA_CHECKSUMS" "$work/found" >&2 || true
        die "Kafka's jars are not those of scripts/kafka/jars.sha256 (the lines above): do not use them."
    fi
    (cd "$work/jars" && publish "$work/jars" "$dir" *.jar)
    rm -rf "$work"
    ok kafka "$KAFKA_VERSION fetched, $(wc -l < "$KAFKA_CHECKSUMS") jars checked"
}

# Archives of the classes that the broker and the mirror load, for quicker starts (scripts/lab_lib/class_archives.py). They
# are made for this JVM and these jars; the lab does without where they cannot be made. Needs env.sh.
KAFKA_CLASSES_DIR=kafka_classes-$KAFKA_VERSION

setup_kafka_classes() {
    local dir=$FARSHORE_CACHE/$KAFKA_CLASSES_DIR work reason
    if is_complete "$dir" && class_archives check > /dev/null 2>&1; then
        ok kafka "class archives are there"
        return
    fi
    step kafka "class archives: a broker and a mirror start once"
    rm -rf "$dir"
    work=$(work_dir kafka_classes)
    if reason=$(class_archives make "$work/out" 2>&1) && publish "$work/out" "$dir" broker.jsa mirror.jsa; then
        ok kafka "class archives made"
    else
        ok kafka "no class archives, the lab starts slower: ${reason##*$'\n'}"
    fi
    rm -rf "$work"
}

class_archives() {
    FARSHORE_CACHE=$FARSHORE_CACHE PYTHONPATH=$SCRIPTS PYTHONDONTWRITEBYTECODE=1 \
        /usr/bin/python3 -Xutf8 -m lab_lib.class_archives "$@" 9>&-
}
