"""The schemas of metadata answers: names, types and nullability of the Flight SQL specification."""

# pyarrow-stubs 20 leaves types of fields and unions open:
# pyright: reportUnknownMemberType=false

from typing import Any, Final

import pyarrow as pa

SQL_INFO_VALUE: Final = pa.dense_union(
    [
        pa.field("string_value", pa.utf8()),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", pa.int32()),
        pa.field("string_list", pa.list_(pa.field("string_data", pa.utf8()))),
        pa.field(
            "int32_to_int32_list_map",
            pa.map_(pa.int32(), pa.list_(pa.field("$data$", pa.int32()))),
        ),
    ]
)
"""One child an arm; the arms are numbered from 0."""


def _required(name: str, kind: pa.DataType) -> "pa.Field[Any]":
    return pa.field(name, kind, nullable=False)


def _optional(name: str, kind: pa.DataType) -> "pa.Field[Any]":
    return pa.field(name, kind)


SQL_INFO: Final = pa.schema(
    [_required("info_name", pa.uint32()), _optional("value", SQL_INFO_VALUE)]
)

XDBC_TYPE_INFO: Final = pa.schema(
    [
        _required("type_name", pa.utf8()),
        _required("data_type", pa.int32()),
        _optional("column_size", pa.int32()),
        _optional("literal_prefix", pa.utf8()),
        _optional("literal_suffix", pa.utf8()),
        _optional("create_params", pa.list_(_required("item", pa.utf8()))),
        _required("nullable", pa.int32()),
        _required("case_sensitive", pa.bool_()),
        _required("searchable", pa.int32()),
        _optional("unsigned_attribute", pa.bool_()),
        _required("fixed_prec_scale", pa.bool_()),
        _optional("auto_increment", pa.bool_()),
        _optional("local_type_name", pa.utf8()),
        _optional("minimum_scale", pa.int32()),
        _optional("maximum_scale", pa.int32()),
        _required("sql_data_type", pa.int32()),
        _optional("datetime_subcode", pa.int32()),
        _optional("num_prec_radix", pa.int32()),
        _optional("interval_precision", pa.int32()),
    ]
)

CATALOGS: Final = pa.schema([_required("catalog_name", pa.utf8())])

DB_SCHEMAS: Final = pa.schema(
    [_optional("catalog_name", pa.utf8()), _required("db_schema_name", pa.utf8())]
)

TABLES: Final = pa.schema(
    [
        _optional("catalog_name", pa.utf8()),
        _optional("db_schema_name", pa.utf8()),
        _required("table_name", pa.utf8()),
        _required("table_type", pa.utf8()),
    ]
)

TABLES_WITH_SCHEMA: Final = TABLES.append(_required("table_schema", pa.binary()))

TABLE_TYPES: Final = pa.schema([_required("table_type", pa.utf8())])

PRIMARY_KEYS: Final = pa.schema(
    [
        _optional("catalog_name", pa.utf8()),
        _optional("db_schema_name", pa.utf8()),
        _required("table_name", pa.utf8()),
        _required("column_name", pa.utf8()),
        _optional("key_name", pa.utf8()),
        _required("key_sequence", pa.int32()),
    ]
)

FOREIGN_KEYS: Final = pa.schema(
    [
        _optional("pk_catalog_name", pa.utf8()),
        _optional("pk_db_schema_name", pa.utf8()),
        _required("pk_table_name", pa.utf8()),
        _required("pk_column_name", pa.utf8()),
        _optional("fk_catalog_name", pa.utf8()),
        _optional("fk_db_schema_name", pa.utf8()),
        _required("fk_table_name", pa.utf8()),
        _required("fk_column_name", pa.utf8()),
        _required("key_sequence", pa.int32()),
        _optional("fk_key_name", pa.utf8()),
        _optional("pk_key_name", pa.utf8()),
        _required("update_rule", pa.uint8()),
        _required("delete_rule", pa.uint8()),
    ]
)
"""Of imported keys, exported keys and cross reference."""
