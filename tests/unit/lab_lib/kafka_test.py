"""The command lines of Kafka's programs: all compilers work only where somebody measures."""

from lab_lib import kafka, tools

QUICK = "-XX:TieredStopAtLevel=1"


def test_all_compilers_work_only_where_somebody_measures(folder, monkeypatch):
    monkeypatch.setattr(tools, "kafka_libs", lambda: folder)
    monkeypatch.setattr(tools, "system", lambda name: name)
    assert QUICK in kafka.java("kafka.Kafka", folder)
    assert QUICK not in kafka.java("kafka.Kafka", folder, measured=True)
