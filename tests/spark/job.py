"""A Spark job in a process of its own: prints what it found as one JSON object.

Run as ``python -m tests.spark.job URI TARGET REMOTE``, where EVENTS is served at URI, and LAB takes
changes at TARGET; REMOTE is that of a Spark Connect session, or ``classic`` for a local session
without it.
"""

import json
import sys

from pyspark.sql import DataFrame, SparkSession

from pyspark_flight import FlightDataSource, read_with_map_in_arrow


def main() -> None:
    """Read and write in each of the ways there are."""
    uri, target, remote = sys.argv[1:]
    builder = SparkSession.builder
    builder = builder.master("local[2]") if remote == "classic" else builder.remote(remote)
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    if " " in sys.executable:  # Spark does not look for sources then: docs/spark.md
        spark.dataSource.register(FlightDataSource)
    options = {"uri": uri, "space": "SALES", "table": "EVENTS"}
    frame = spark.read.format("flight").options(partitions=2, columns="ID, TEXT", **options).load()
    found = {"rows": frame.count(), "columns": frame.columns}
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
    pushed = spark.read.format("flight").options(pushdown="true", **options).load()
    found["pushed"] = sorted(row.ID for row in pushed.where("ID > 997").collect())
    spark.sql(f"CREATE TEMPORARY VIEW events USING flight OPTIONS "
              f"(uri '{uri}', space 'SALES', table 'EVENTS')")  # fmt: skip
    found["view"] = spark.sql("SELECT sum(ID) AS total FROM events").collect()[0].total
    mapped = read_with_map_in_arrow(spark, partitions=2, **options)
    found["mapped"] = mapped.where("FLAG").count()
    try:
        spark.read.format("flight").options(uri=uri, table="NIX").load().collect()
    except Exception as error:  # noqa: BLE001 - whatever the user of this session gets
        found["error"] = str(error)
    found |= written(frame, target)
    print(json.dumps(found))
    spark.stop()


def written(frame: DataFrame, uri: str) -> dict[str, object]:
    """Write rows of EVENTS in each mode, and what became of those with a bad key."""
    few = frame.where("ID < 3").select("ID", "TEXT")

    def save(rows: DataFrame, mode: str, **more: str) -> None:
        options = {"uri": uri, "space": "LAB", "table": "SAVED", **more}
        rows.write.format("flight").mode(mode).options(**options).save()

    save(few, "overwrite", keys="ID")
    save(few.selectExpr("ID + 3 AS ID", "TEXT"), "append")
    save(few.selectExpr("ID + 5 AS ID", "'new' AS TEXT"), "append", upsert="true")
    try:
        save(few.selectExpr("IF(ID = 2, NULL, ID + 8) AS ID", "TEXT"), "append")
    except Exception as error:  # noqa: BLE001 - as above
        return {"write_error": str(error)}
    return {}


if __name__ == "__main__":
    main()
