"""What `up` is asked for is merged into the folder's lab, or refused with exit code 2 before anything starts or is kept."""

import pytest

from lab_lib import Lab, LabError, lab, options, tools
from lab_lib.state import State


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch):
    def started(components, *_, **__):
        if components:
            raise AssertionError(f"started {[component.key for component in components]}")

    monkeypatch.setattr(lab, "start_all", started)


@pytest.fixture
def mysql_is(monkeypatch):
    def there(found):
        monkeypatch.setattr(tools, "mysql_root", lambda: found)

    return there


@pytest.fixture
def remember(folder):
    """up's options, merged into the folder; returns what the folder holds then."""

    def merge(**asked):
        options.remember(State(folder), lambda line: None, **{"server": "mariadb", **asked})
        return State(folder).data

    return merge


def refusal(action, **asked):
    with pytest.raises(LabError) as refused:
        action(**asked)
    assert refused.value.exit_code == 2
    return str(refused.value)


def test_the_regions_are_east_and_west_when_nobody_says_otherwise(remember):
    assert remember()["kinds"] == {"east": "mariadb", "west": "mariadb"}


@pytest.mark.parametrize("name", ["a", "eu1", "a234567890123456"])
def test_a_name_of_small_letters_and_digits_is_good(remember, name):
    assert remember(regions=["east", name])["regions"] == ["east", name]


@pytest.mark.parametrize("name", [
    "", "East", "1st", "eu-west", "eu_west", "eu.west", "a2345678901234567", "\u00fcber", "east\n", "../x", "mirror", "secrets"])
def test_a_bad_name_of_a_region_is_refused(remember, folder, name):
    assert f"'{name}' is no region's name" in refusal(remember, regions=["west", name])
    assert not State(folder).exists()


def test_a_region_named_twice_is_refused(remember, folder):
    assert refusal(remember, regions=["east", "west", "east"]) == "--regions names a region twice."
    assert not State(folder).exists()


@pytest.mark.parametrize("option", ["settings", "db_settings"])
def test_a_setting_for_a_region_that_is_not_there_is_refused(remember, folder, option):
    assert refusal(remember, **{option: ["north:a=1"]}) == "there is no region 'north'; there are: east, west."
    assert not State(folder).exists()


@pytest.mark.parametrize(("option", "typed"), [
    ("settings", "--set 'a'"), ("db_settings", "--db-set 'a'"), ("mirror_settings", "--mirror-set 'a'")])
def test_a_setting_without_a_value_is_refused_by_the_option_s_name(remember, folder, option, typed):
    assert refusal(remember, **{option: ["a"]}).startswith(typed)
    assert not State(folder).exists()


@pytest.mark.parametrize("regions", [["east", "north"], ["east"], ["east", "west", "north"], ["west", "east"]])
def test_other_regions_than_the_folder_holds_are_refused(remember, folder, regions):
    before = remember(regions=["east", "west"])
    said = refusal(remember, regions=regions, settings=["a=1"])
    assert "holds a lab of east (mariadb), west (mariadb)" in said and "--dir" in said
    assert State(folder).data == before


def test_other_servers_than_the_folder_holds_are_refused(remember, mysql_is):
    mysql_is("/somewhere")
    remember(server="mariadb")
    assert "holds a lab of east (mariadb)" in refusal(remember, server="mixed")


def test_regions_left_out_are_those_that_the_folder_holds(remember):
    remember(regions=["north", "south"])
    assert remember(server=None)["regions"] == ["north", "south"]


def test_mixed_is_mysql_and_mariadb_in_turn(remember, mysql_is):
    mysql_is("/somewhere")
    assert remember(server=None, regions=["a", "b", "c"])["kinds"] == {"a": "mysql", "b": "mariadb", "c": "mysql"}


def test_mixed_without_mysql_is_mariadb_and_says_so(folder, mysql_is):
    mysql_is(None)
    said = []
    options.remember(State(folder), said.append)
    assert State(folder).data["kinds"] == {"east": "mariadb", "west": "mariadb"}
    assert len(said) == 1 and said[0].startswith("NO MYSQL")


def test_mysql_without_mysql_is_refused(remember, mysql_is):
    mysql_is(None)
    with pytest.raises(LabError, match="use --server mariadb"):
        remember(server="mysql")


def test_options_left_out_keep_what_they_were_and_settings_add_up(remember):
    first = remember(settings=["a=1"], db_settings=["max_connections=50"], mirror_settings=["tasks.max=3"], with_services=False,
                     fast=True, measured=True)
    second = remember(settings=["west:a=2"], db_settings=["west:max-connections=60"])
    assert (second["services"], second["fast"], second["measured"]) == (False, True, True)
    assert second["settings"] == ["a=1", "west:a=2"]
    assert second["db_settings"] == {"": {"max-connections": "50"}, "west": {"max-connections": "60"}}
    assert second["mirror_settings"] == {"tasks.max": "3"}
    assert second["passwords"] == first["passwords"]


@pytest.mark.parametrize("value", ["ON", "off", "010", "1:30", "", "a=b", "'quoted'"])
def test_a_server_option_reaches_the_server_as_it_was_typed(remember, value):
    assert remember(db_settings=[f"gtid_mode={value}"])["db_settings"] == {"": {"gtid-mode": value}}


def test_passwords_differ_and_are_made_once_for_every_account(remember):
    made = remember()["passwords"]
    assert set(made) == {"capture", "apply", "gate", "ctl", "app"}
    assert len(set(made.values())) == len(made)


# --- up, as far as its refusals
def up(folder, **asked):
    Lab(folder / "lab").up(**{"server": "mariadb", "with_services": False, **asked})


def test_up_with_good_options_would_start_everything(folder):
    with pytest.raises(AssertionError, match=r"^started \['east.db', 'west.db', 'east.kafka', 'west.kafka', 'mirror'\]"):
        up(folder)


@pytest.mark.parametrize("asked", [{"regions": ["East"]}, {"settings": ["north:a=1"]}, {"settings": ["apply.origins.0.name=x"]},
                                   {"settings": ["west:origins.9=x"]}, {"tables_from": ["/no/such/file.sql"]}])
def test_what_up_refuses_leaves_no_lab_behind(folder, asked):
    refusal(up, folder=folder, **asked)
    assert not Lab(folder / "lab").state.exists()


def test_a_setting_that_up_refuses_is_not_remembered_by_the_lab_that_is_there(folder):
    with pytest.raises(AssertionError, match="^started"):
        up(folder, settings=["streams.main.partitions=2"])
    before = State(folder / "lab").data
    refusal(up, folder=folder, settings=["streams.main.partitions.x=3"])
    refusal(up, folder=folder, tables_from=["/no/such/file.sql"])
    assert State(folder / "lab").data == before
    assert Lab(folder / "lab").config("west")["streams"]["main"]["partitions"] == 2


def test_the_same_lab_can_be_tried_again_with_good_options(folder):
    one = Lab(folder / "lab")
    refusal(one.up, server="mariadb", with_services=False, regions=["north", "south"], settings=["region.x=1"])
    with pytest.raises(AssertionError, match="^started"):
        one.up(server="mariadb", with_services=False)
    assert one.config("east")["region"] == "east"


def test_a_component_that_is_not_there_is_refused(folder):
    assert "there is no component 'east.db'" in refusal(lambda: Lab(folder / "lab").component("east.db"))
