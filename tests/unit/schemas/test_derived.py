import pytest

from avrogate.errors import DerivationError
from schemas.derived import derive_all


def states(folder):
    return {
        "/".join(file.avro_file.parts[-3:]): file.state for file in derive_all(folder) if file.state != "unchanged"
    }


def test_what_is_checked_in_is_what_is_derived(copied_schemas):
    assert states(copied_schemas) == {}
    assert derive_all(copied_schemas)


def test_every_way_to_drift(copied_schemas):
    avro = copied_schemas / "avro"
    (avro / "raw/init/v1.avsc").unlink()
    changed = avro / "raw/match/v1.avsc"
    changed.write_text(changed.read_text() + "\n")
    (avro / "raw/logout").mkdir()
    (avro / "raw/logout/v1.avsc").write_text("{}")
    assert states(copied_schemas) == {
        "raw/init/v1.avsc": "missing",
        "raw/match/v1.avsc": "changed",
        "raw/logout/v1.avsc": "orphan",
    }


def test_a_changed_bound_of_a_shared_property_changes_every_schema_that_refers_to_it(copied_schemas):
    file = copied_schemas / "json/raw/init/v1.json"
    file.write_text(file.read_text().replace('"maxLength": 50', '"maxLength": 51'))
    assert states(copied_schemas) == {
        "raw/init/v1.avsc": "changed",
        "raw/in-app-purchase/v1.avsc": "changed",
    }


def test_writing_cures_it_byte_for_byte(copied_schemas):
    file = copied_schemas / "avro/raw/init/v1.avsc"
    before = file.read_bytes()
    file.unlink()
    file.parent.rmdir()
    for derived in derive_all(copied_schemas):
        derived.write()
    assert file.read_bytes() == before
    assert states(copied_schemas) == {}


def test_a_schema_that_cannot_be_derived_is_named_and_nothing_written(copied_schemas):
    (copied_schemas / "json/raw/match/v1.json").write_text("{}")
    before = sorted(copied_schemas.rglob("*.avsc"))
    with pytest.raises(DerivationError, match=r"raw/match/v1\.json#"):
        derive_all(copied_schemas)
    assert sorted(copied_schemas.rglob("*.avsc")) == before
