'use strict';
// Reads the job from standard input, lets a client run its steps and prints the answers; knows no
// driver. The README one folder up describes the job and the canonical form of values.

const crypto = require('node:crypto');
const fs = require('node:fs');

const LONG_TEXT = 200;
const LONG_BINARY = 100;

/** A parameter of the script as both drivers want it. */
function bound(parameter) {
  const colon = parameter.indexOf(':');
  if (colon < 0) return null;
  const kind = parameter.slice(0, colon);
  const text = parameter.slice(colon + 1);
  switch (kind) {
    case 'int':
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case 'bool':
      return text === 'true';
    case 'double':
      return Number(text);
    case 'binary':
    case 'blob':
      return Buffer.from(text, 'hex');
    default:
      return text; // decimals, dates and times too: a number or a Date would lose digits
  }
}

/** A value of a driver in the form that all clients print. */
function canonical(kind, value, fractionDigits) {
  if (value === null || value === undefined) return null;
  switch (kind) {
    case 'bool':
      return value === true || value === 1 ? 'true' : 'false';
    case 'double':
      return bigEndian(Number(value));
    case 'decimal':
      return plain(String(value));
    case 'text':
    case 'clob':
    case 'nclob':
      return shortened(Buffer.isBuffer(value) ? value.toString('utf8') : String(value));
    case 'binary':
    case 'blob':
      return value.length <= LONG_BINARY ? value.toString('hex') : digest(value, value.length);
    case 'seconddate':
      return value.replace('T', ' ').slice(0, 19);
    case 'timestamp':
      return fixedFraction(value.replace('T', ' '), fractionDigits);
    default:
      return String(value);
  }
}

function bigEndian(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(number);
  return bytes.toString('hex');
}

/** Digits without an exponent and without zeros at either end. */
function plain(text) {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const padded = digits.padStart(digits.length + Math.max(0, -point), '0').padEnd(point, '0');
  const at = Math.max(point, 0);
  const integer = padded.slice(0, at).replace(/^0+/, '') || '0';
  const rest = padded.slice(at).replace(/0+$/, '');
  const result = rest ? `${integer}.${rest}` : integer;
  return sign === '-' && result !== '0' ? `-${result}` : result;
}

function fixedFraction(text, digits) {
  const [seconds, fraction = ''] = text.split('.');
  return `${seconds}.${fraction.padEnd(digits, '0').slice(0, digits)}`;
}

function shortened(text) {
  return text.length <= LONG_TEXT ? text : digest(Buffer.from(text, 'utf8'), text.length);
}

function digest(bytes, length) {
  return `sha256:${crypto.createHash('sha256').update(bytes).digest('hex')}:${length}`;
}

/** Run the job with a client: an object with connect, disconnect, commit ... and execute. */
async function main(client) {
  const job = JSON.parse(fs.readFileSync(0, 'utf8'));
  const print = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  print({ fraction_digits: client.fractionDigits });
  for (const step of job.steps) {
    print({ step: step.name, ...(await answered(client, job, step)) });
  }
}

async function answered(client, job, step) {
  try {
    return { results: await run(client, job, step) };
  } catch (error) {
    const code = Number.isInteger(error.code) ? error.code : null;
    return { error: { code, message: error.message } };
  }
}

async function run(client, job, step) {
  switch (step.do) {
    case undefined:
      return (await client.execute(step.sql, parameters(step), step)).map((result) =>
        printed(client, step, result),
      );
    case 'connect':
      await client.connect({ ...job, ...step, port: step.tls ? job.tls_port : job.port });
      return [];
    case 'autocommit on':
    case 'autocommit off':
      await client.setAutoCommit(step.do.endsWith('on'));
      return [];
    case 'cancel':
      return await client.cancel(step.sql, step.after_s * 1000);
    default:
      await client[step.do]();
      return [];
  }
}

function parameters(step) {
  return (step.rows || []).map((row) => row.map(bound));
}

function printed(client, step, result) {
  if (!step.kinds) return { affected: result.affected || 0 };
  const rows = result.rows.map((row) =>
    row.map((value, at) => canonical(step.kinds[at], value, client.fractionDigits)),
  );
  return { columns: result.columns, nullable: result.nullable, rows };
}

module.exports = { main };
