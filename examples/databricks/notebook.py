# Databricks notebook source
# ruff: noqa: D100, ERA001, F821 - Databricks defines spark, dbutils and MAGIC
# MAGIC %md
# MAGIC # A view of SAP Datasphere as a Delta table, and results back into Datasphere
# MAGIC Address and token come from the cluster's environment: see the README beside this file.

# COMMAND ----------

# MAGIC %pip install "datasphere-flight[spark]"

# COMMAND ----------

import json

from pyspark.sql import functions

dbutils.widgets.text("table", "SALES_ORDERS")
dbutils.widgets.text("space", "SALES")
dbutils.widgets.text("partitions", "8")
dbutils.widgets.text("target", "main.default.sales_orders")
dbutils.widgets.text("results", "ORDERS_BY_STATUS")
dbutils.widgets.text("results_space", "SALES#RESULTS")

table, space, partitions, target, results, results_space = (
    dbutils.widgets.get(name)
    for name in ("table", "space", "partitions", "target", "results", "results_space")
)

# COMMAND ----------

# MAGIC %md
# MAGIC One Spark partition for each endpoint. On runtimes before Spark 4 use the function below.

# COMMAND ----------

source = {"table": table, "space": space, "partitions": partitions}

if int(spark.version.partition(".")[0]) >= 4:
    frame = spark.read.format("flight").options(**source).load()
else:
    from pyspark_flight import read_with_map_in_arrow

    frame = read_with_map_in_arrow(spark, **source)

# COMMAND ----------

frame.write.mode("overwrite").saveAsTable(target)

# COMMAND ----------

# MAGIC %md
# MAGIC Back into Datasphere, to the schema of a database user with write access. It is made anew,
# MAGIC all of it or nothing. Before Spark 4 the rows pass through the driver.

# COMMAND ----------

by_status = (
    spark.read.table(target)
    .where("STATUS IS NOT NULL")
    .groupBy("STATUS")
    .agg(functions.count("*").alias("ORDERS"), functions.sum("NET_AMOUNT").alias("NET_AMOUNT"))
)
types = {"STATUS": "NVARCHAR(20)"}

if int(spark.version.partition(".")[0]) >= 4:
    sink = {"table": results, "space": results_space, "keys": "STATUS", "types": json.dumps(types)}
    by_status.write.format("flight").mode("overwrite").options(**sink).save()
else:
    import flight_client

    with flight_client.connect(space=results_space) as client:
        client.write(results, by_status.toPandas(), mode="replace", keys=["STATUS"], types=types)
