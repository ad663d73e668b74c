"""The command lines of Kafka's programs: archives of classes where there are some, all compilers only where somebody measures."""

import pytest

from lab_lib import kafka, tools

MIRROR_MAKER = "org.apache.kafka.connect.mirror.MirrorMaker"
QUICK = "-XX:TieredStopAtLevel=1"


@pytest.fixture(autouse=True)
def cache(folder, monkeypatch):
    """Two jars, and the archives that are in `classes`, which is not there at first."""
    (folder / "jars").mkdir()
    for name in ("b.jar", "a.jar", "notes.txt"):
        (folder / "jars" / name).touch()
    classes = folder / "classes"
    monkeypatch.setattr(tools, "kafka_libs", lambda: folder / "jars")
    monkeypatch.setattr(tools, "kafka_classes", lambda: classes if classes.is_dir() else None)
    monkeypatch.setattr(tools, "system", lambda name: name)
    return classes


def archives(words):
    return [word for word in words if "SharedArchiveFile" in word]


def test_the_class_path_is_all_jars_by_name(folder):
    assert kafka.class_path() == f"{folder}/jars/a.jar:{folder}/jars/b.jar"


@pytest.mark.parametrize("main_class, name", [("kafka.Kafka", "broker.jsa"), ("kafka.tools.StorageTool", "broker.jsa"),
                                              (MIRROR_MAKER, "mirror.jsa")])
def test_a_program_starts_from_its_archive(cache, folder, main_class, name):
    cache.mkdir()
    (cache / name).touch()
    assert archives(kafka.java(main_class, folder)) == [f"-XX:SharedArchiveFile={cache / name}"]


def test_without_an_archive_nothing_is_said_of_one(cache, folder):
    assert archives(kafka.java(MIRROR_MAKER, folder)) == []
    cache.mkdir()
    (cache / "broker.jsa").touch()
    assert archives(kafka.java(MIRROR_MAKER, folder)) == []


def test_all_compilers_work_only_where_somebody_measures(folder):
    assert QUICK in kafka.java("kafka.Kafka", folder)
    assert QUICK not in kafka.java("kafka.Kafka", folder, measured=True)
