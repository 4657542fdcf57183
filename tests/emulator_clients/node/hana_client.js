'use strict';
// Runs a job with SAP's proprietary @sap/hana-client, which wraps the native library SQLDBC.

const { promisify } = require('node:util');

const hana = require('@sap/hana-client');

const { main } = require('./runner');

class Client {
  fractionDigits = 7;

  connect({ host, port, user, password, tls, roots }) {
    const connection = hana.createConnection();
    const encryption = tls ? { encrypt: true, sslTrustStore: roots } : { encrypt: false };
    connection.connect({ host, port: String(port), uid: user, pwd: password, ...encryption });
    this.connection = connection;
  }

  disconnect() {
    this.connection.disconnect();
  }

  setAutoCommit(on) {
    this.connection.setAutoCommit(on);
  }

  commit() {
    this.connection.commit();
  }

  rollback() {
    this.connection.rollback();
  }

  execute(sql, rows, { batch, kinds }) {
    if (!rows.length && !kinds) return [{ affected: this.connection.exec(sql) }];
    const statement = this.connection.prepare(sql);
    try {
      if (batch) return [{ affected: statement.execBatch(rows) }];
      if (!kinds) return rows.map((values) => ({ affected: statement.exec(values) }));
      const described = statement.getColumnInfo();
      const columns = described.map((column) => column.columnName);
      const nullable = described.map((column) => Boolean(column.nullable));
      const tables = rows.length
        ? rows.map((values) => fetched(statement, values))
        : [this.connection.exec(sql, { rowsAsArray: true })];
      return tables.map((table) => ({ columns, nullable, rows: table }));
    } finally {
      statement.drop();
    }
  }

  async cancel(sql, afterMs) {
    const timer = setTimeout(() => this.connection.cancel(), afterMs);
    try {
      await promisify(this.connection.exec.bind(this.connection))(sql);
      return [];
    } finally {
      clearTimeout(timer);
    }
  }
}

function fetched(statement, values) {
  const result = statement.execQuery(values);
  const rows = [];
  while (result.next()) {
    rows.push(Array.from({ length: result.getColumnCount() }, (_, at) => result.getValue(at)));
  }
  result.close();
  return rows;
}

main(new Client());
