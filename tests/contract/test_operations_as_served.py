"""Operations as the mock serves them: what is compiled only when it is first used can be used."""

from collections.abc import Iterator

import pytest

from mock_gmo.app import DOCUMENTS
from mock_gmo.contract import Field, Operation, Schema, read_operations

OPERATIONS = {found.operation_id: found for found in read_operations(*DOCUMENTS, "sandbox")}


def schemas_of(operation: Operation) -> Iterator[Schema]:
    """Every schema that serving the operation can ask for."""
    for field in (*operation.query, *operation.headers, *operation.path_fields, *operation.body):
        yield from schemas_in(field)
    yield from (reply for reply in operation.replies.values() if reply is not None)
    if operation.body_schema is not None:
        yield operation.body_schema


def schemas_in(field: Field) -> Iterator[Schema]:
    yield field.schema
    for line_field in field.line_fields:
        yield from schemas_in(line_field)


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_schema_of_an_operation_compiles(operation_id: str) -> None:
    for schema in schemas_of(OPERATIONS[operation_id]):
        assert isinstance(schema.is_valid({}), bool), schema.pointer
        assert list(schema.iter_errors({})) == [] or not schema.is_valid({}), schema.pointer


def test_documents_are_read_once_a_process() -> None:
    assert read_operations("auth")[0] is read_operations("auth")[0]
