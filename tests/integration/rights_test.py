"""Each right of docs/operating/grants.md is needed: taken away, preflight names the statement that gives it back, and a service that
cannot do without it says the same at its start."""

import json

import pytest
import yaml

from lab_lib import tools
from lab_test import rights
from plain_servers import free_port
from scenario import caught_up
from services import Service, changed, run, write_config
from wait import eventually

SCHEMA = "shop"   # the lab's own tables are captured there
AT_START = ("capture", "apply")
OF_SOME_TABLES = [("apply", "REFERENCES")]   # it starts, and says so; the tables that need the right wait: see cascades_test


def listed(server):
    """[(account, right, where as the lab granted it, where as a sentence names it)]"""
    found = rights((tools.REPOSITORY / "schemas" / "sql" / f"grants.{server}.sql").read_text())
    scopes = {"*.*": ("*.*", "*.*"), "farshore.*": ("`farshore`.*", "`farshore`.*"), "<schema>.*": ("`shop%`.*", f"`{SCHEMA}`.*")}
    return sorted((account, right, *scopes[scope]) for account, scope, right in found)


@pytest.mark.parametrize("name", ["east", "west"])
def test_each_right_that_is_taken_away_is_named_with_the_statement_that_gives_it_back(regions, folder, name):
    region = regions.by_name[name]
    config = yaml.safe_load(region.config_file.read_text())
    files = {service: write_config(folder, changed(config, f"http.{service}", f"127.0.0.1:{free_port()}"), f"{service}.yaml")
             for service in AT_START}
    silent = []
    for account, right, where, named in listed(region.server):
        user = f"'farshore_{account}'@'%'"
        mend = f"GRANT {right} ON {named} TO {user}"
        region.database.execute("SET SESSION sql_log_bin = 0", f"REVOKE {right} ON {where} FROM {user}")
        try:
            verdict = "warning" if (account, right) in OF_SOME_TABLES else "mend"
            told = [one for one in json.loads(region.ctl("preflight", "--output", "json").stdout)["findings"] if one["verdict"] == verdict]
            if not any(mend in one["mend"] or mend in one["found"] for one in told):
                silent.append((mend, "preflight", told))
            if (account, right) in OF_SOME_TABLES:
                with Service(account, config, folder / right) as service:
                    eventually("it names the right, and runs", lambda: mend in service.said() and f"{account} runs" in service.said(), 30,
                               explain=service.said)
                    service.stop()
            elif account in AT_START:
                started = run(account, "--config", files[account])
                if started.returncode != 1 or mend not in started.stderr + started.stdout:
                    silent.append((mend, "start", started.returncode, started.stderr[-500:] + started.stdout[-500:]))
        finally:
            region.database.execute("SET SESSION sql_log_bin = 0", f"GRANT {right} ON {where} TO {user}")
    assert silent == []
    regions.all_gates_open()


@pytest.mark.parametrize("name", ["east", "west"])
def test_a_right_that_goes_while_apply_runs_hides_no_trigger_that_comes_then(regions, name):
    source = regions.by_name[name]
    target = regions.others(source)[0]
    for region in regions:
        region.database.execute("SET SESSION sql_log_bin = 0", "CREATE DATABASE IF NOT EXISTS test_blind",
                                "DROP TABLE IF EXISTS test_blind.warm",
                                "CREATE TABLE test_blind.warm (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)")
    source.database.as_application("INSERT INTO test_blind.warm VALUES (0, 1)")
    caught_up(regions)
    unseen = "ON `test%`.* {} 'farshore_apply'@'%'"
    target.database.execute("SET SESSION sql_log_bin = 0", "REVOKE TRIGGER " + unseen.format("FROM"),
                            "CREATE TRIGGER test_blind.hidden BEFORE INSERT ON test_blind.warm FOR EACH ROW SET NEW.v = NEW.v + 100")
    try:
        source.database.as_application("INSERT INTO test_blind.warm VALUES (1, 1)")
        eventually("apply waits", lambda: any("trigger" in row["reason"] for row in target.progress()), 30, explain=target.progress)
        assert target.database.rows("SELECT id FROM test_blind.warm") == [(0,)]
    finally:
        target.database.execute("SET SESSION sql_log_bin = 0", "GRANT TRIGGER " + unseen.format("TO"), "DROP TRIGGER test_blind.hidden")
    caught_up(regions)
    assert target.database.rows("SELECT v FROM test_blind.warm") == [(1,), (1,)]
    regions.all_gates_open()


@pytest.mark.parametrize("name", ["east", "west"])
def test_apply_writes_to_no_table_whose_triggers_it_cannot_see(regions, name):
    source = regions.by_name[name]
    target = regions.others(source)[0]
    for region in regions:
        region.database.execute("SET SESSION sql_log_bin = 0", "CREATE DATABASE IF NOT EXISTS test_blind",
                                "DROP TABLE IF EXISTS test_blind.t", "CREATE TABLE test_blind.t (id INT NOT NULL PRIMARY KEY)")
    unseen = "ON `test%`.* {} 'farshore_apply'@'%'"
    target.database.execute("SET SESSION sql_log_bin = 0", "REVOKE TRIGGER " + unseen.format("FROM"),
                            "CREATE TRIGGER test_blind.fires BEFORE INSERT ON test_blind.t FOR EACH ROW SET NEW.id = NEW.id + 100")
    target.lab.stop(f"{target.name}.apply")
    try:
        target.lab.start(f"{target.name}.apply")
        raise AssertionError("apply started without the right to see triggers")
    except Exception as refused:
        assert "TRIGGER" in str(refused) + target.log("apply")[-2000:], refused
    finally:
        target.database.execute("SET SESSION sql_log_bin = 0", "GRANT TRIGGER " + unseen.format("TO"))
    if not target.lab.component(f"{target.name}.apply").running():
        target.lab.start(f"{target.name}.apply")
    source.database.as_application("INSERT INTO test_blind.t VALUES (1)")
    eventually("apply names the trigger", lambda: any("it has the trigger fires here" in row["reason"] for row in target.progress()), 30,
               explain=target.progress)
    target.database.execute("SET SESSION sql_log_bin = 0", "DROP TRIGGER test_blind.fires")
    eventually("the row arrives as it is", lambda: target.database.rows("SELECT id FROM test_blind.t") == [(1,)], 30, explain=target.progress)
    regions.all_gates_open()
