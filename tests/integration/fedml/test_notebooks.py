"""The data parts of FedML's sample notebooks, run as scripts with the import line changed.

What the notebooks train and deploy between reading and writing is no part of this issue; a rule
stands in for the model.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.fedml.conftest import USER
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
NEW = "from flight_client.fedml import DbConnection"

SAGEMAKER = """
from fedml_aws import DbConnection
import numpy as np
import pandas as pd

db = DbConnection()
train_data = db.get_data_with_headers(table_name='SHORT_LABELS', size=1)
data = pd.DataFrame(train_data[0], columns=train_data[1])

db = DbConnection()
train_data = db.execute_query('SELECT * FROM SALES.ORDERS')
data = pd.DataFrame(train_data[0], columns=train_data[1])

X = data.drop(['STATUS', 'ORDERED'], axis=1).fillna(0)
res = ['HIGH' if amount > 5 else 'LOW' for amount in X['AMOUNT']]

db.create_table("CREATE TABLE Order_Predictions (ID INTEGER PRIMARY KEY, amount FLOAT(2), "
                "size_predict VARCHAR(100))")
dwc_data = X
dwc_data = dwc_data.assign(size_predict = res)
dwc_data.columns = ['id', 'amount', 'size_predict']
for i in dwc_data.columns[1:-1]:
    dwc_data[i] = dwc_data[i].astype('float64')
db.insert_into_table('Order_Predictions', dwc_data)

print(db.execute_query('SELECT ID, AMOUNT, SIZE_PREDICT FROM ORDER_PREDICTIONS ORDER BY ID'))
print(len(db.get_user_tables()[0]))
db.drop_table('Order_Predictions')
print(db.get_user_tables()[0])
"""

DATABRICKS = """
from fedml_databricks import DbConnection
import json
import pandas as pd

with open('config.json') as config:
    config_object = json.load(config)
db = DbConnection(dict_obj=config_object)
print(db.get_schema_views()[0])
data, column_headers = db.get_data_with_headers('SHORT_LABELS', size=1)
frame = pd.DataFrame(data, columns=column_headers)
print(len(frame), list(frame.columns))

db.create_table("CREATE TABLE T6 (ID INTEGER PRIMARY KEY, C2 VARCHAR(255))")
db.insert_into_table('T6', pd.DataFrame([[6, 'hey6'], [7, 'bye7']], columns=['id', 'c2']))
db.alter_table('T6', 'ADD (COL1 VARCHAR(20))')
db.update_table('T6', "col1='x'", 'id=6')
db.delete_from_table('T6', 'id=7')
print(db.execute_query(f'SELECT ID, C2, COL1 FROM "{config_object["user"]}"."T6"'))
db.drop_table('T6')
print(db.get_user_tables()[0])
"""

AZURE = """
from fedml_azure import DbConnection
import pandas as pd

db = DbConnection(url='dwc_configs/config.json')
res, column_headers = db.execute_query('SELECT * FROM "SALES"."ORDERS" WHERE STATUS IS NOT NULL')
df = pd.DataFrame(res, columns=column_headers)
print(df.groupby('STATUS')['ORDER_ID'].count().to_dict())
print(df['AMOUNT'].sum())
"""


@pytest.fixture
def folder(tmp_path: Path, keys: dict[str, Any]) -> Path:
    """Where a notebook stands, with the configuration beside it."""
    for path in (tmp_path / "config.json", tmp_path / "dwc_configs" / "config.json"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(keys))
    return tmp_path


def run(notebook: str, folder: Path) -> list[str]:
    """The lines that a notebook prints."""
    first, rest = notebook.lstrip().split("\n", 1)
    assert first.startswith("from fedml_")
    done = subprocess.run(
        [sys.executable, "-c", f"{NEW}\n{rest}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_sagemaker_notebook_reads_predicts_and_writes_back(folder: Path) -> None:
    written, count, left = run(SAGEMAKER, folder)
    rows = [(1, 9.989999771118164, "HIGH"), (2, 10.0, "HIGH"), (3, 0.009999999776482582, "LOW"),
            (4, 0.0, "LOW")]  # fmt: skip
    assert written == str((rows, ["ID", "AMOUNT", "SIZE_PREDICT"]))
    assert (count, left) == ("1", "[]")


def test_databricks_notebook_changes_its_table(folder: Path) -> None:
    views, shape, rows, left = run(DATABRICKS, folder)
    assert views == "[('SHORT_LABELS', None)]"
    assert shape == "10 ['ID', 'LABEL']"
    assert rows == "([(6, 'hey6', 'x')], ['ID', 'C2', 'COL1'])"
    assert left == "[]"
    assert USER == "SALES#FLIGHT"


def test_azure_notebook_reads_with_a_configuration_elsewhere(folder: Path) -> None:
    assert run(AZURE, folder) == ["{'OPEN': 2, 'PAID': 1}", "20.00"]
