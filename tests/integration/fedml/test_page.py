"""The code of docs/fedml.md runs as it stands there."""

import re
from pathlib import Path
from typing import Any

from flight_client.fedml import DbConnection
from tests.support.sql_service import SqlService
from tests.support.sql_tables import READ

PAGE = Path(__file__).parents[3] / "docs" / "fedml.md"


def test_better_calls_of_the_page_run_beside_the_old_ones(service: SqlService) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with DbConnection(dict_obj={"flight_uri": service.uri, "schema": READ}) as db:
        found: dict[str, Any] = {"db": db}
        exec(code, found)  # noqa: S102 - our own page
        assert [len(found[name]) for name in ("frame", "first", "paid")] == [2, 2, 1]
        query = "SELECT ORDER_ID, SIZE FROM PREDICTIONS ORDER BY 1"
        assert db.execute_query(query)[0] == [(1, "LOW"), (2, "HIGH")]
        db.drop_table("PREDICTIONS")
