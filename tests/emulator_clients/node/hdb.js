'use strict';
// Runs a job with SAP's open hdb (npm hdb), written in JavaScript alone.

const fs = require('node:fs');
const { promisify } = require('node:util');

const hdb = require('hdb');
const iconv = require(require.resolve('iconv-lite', { paths: [require.resolve('hdb')] }));

const { main } = require('./runner');

const ROWS_AS_ARRAYS = { rowsAsArray: true };
const MILLISECONDS_ONLY = 1; // the driver's default, for servers older than HANA 1.0 SPS 06

class Client {
  constructor(dataFormat) {
    this.dataFormat = dataFormat;
    this.fractionDigits = dataFormat === MILLISECONDS_ONLY ? 3 : 7;
  }

  async connect({ host, port, user, password, tls, roots }) {
    const encryption = tls ? { ca: [fs.readFileSync(roots)] } : {};
    const options = { host, port, user, password, dataFormatSupport: this.dataFormat };
    const connection = hdb.createClient({ ...options, ...encryption });
    connection.on('error', () => {}); // a call that fails says so itself
    try {
      await promisify(connection.connect.bind(connection))();
    } catch (error) {
      connection.end();
      throw error;
    }
    this.connection = connection;
  }

  async disconnect() {
    await promisify(this.connection.disconnect.bind(this.connection))();
    this.connection.end();
  }

  setAutoCommit(on) {
    this.connection.setAutoCommit(on);
  }

  async commit() {
    await promisify(this.connection.commit.bind(this.connection))();
  }

  async rollback() {
    await promisify(this.connection.rollback.bind(this.connection))();
  }

  async execute(sql, rows, { batch, kinds }) {
    if (!rows.length) {
      const execute = promisify(this.connection.execute.bind(this.connection));
      return [await outcome(await execute(sql, ROWS_AS_ARRAYS), kinds)];
    }
    const statement = await promisify(this.connection.prepare.bind(this.connection))(sql);
    try {
      const execute = promisify(statement.execute.bind(statement));
      const results = [];
      for (const values of batch ? [rows] : rows) {
        results.push(await outcome(await execute(values, ROWS_AS_ARRAYS), kinds));
      }
      return results;
    } finally {
      await promisify(statement.drop.bind(statement))();
    }
  }
}

/** `result` is a result set, the number of rows affected, or such numbers for each row sent. */
async function outcome(result, kinds) {
  if (!kinds) return { affected: [result].flat().reduce((sum, rows) => sum + (rows || 0), 0) };
  const columns = result.metadata.map((column) => column.columnDisplayName);
  const nullable = result.metadata.map((column) => column.isOptional());
  const rows = await promisify(result.fetch.bind(result))();
  if (!result.closed) await promisify(result.close.bind(result))();
  for (const row of rows) {
    for (const [at, value] of row.entries()) row[at] = decoded(value, kinds[at]);
  }
  return { columns, nullable, rows };
}

/** Large objects are handed out as the bytes of the wire, which for text are CESU-8. */
function decoded(value, kind) {
  const isText = kind === 'clob' || kind === 'nclob';
  return isText && value !== null ? iconv.decode(value, 'cesu8') : value;
}

main(new Client(Number(process.argv[2])));
