// Runs a job with SAP's open Go driver go-hdb: it reads the job as JSON from standard input and
// prints one line of JSON for each step; the README one folder up describes both.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/SAP/go-hdb/driver"
)

const fractionDigits = 7

type job struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	TLSPort  int    `json:"tls_port"`
	Roots    string `json:"roots"`
	User     string `json:"user"`
	Password string `json:"password"`
	Steps    []step `json:"steps"`
}

type step struct {
	Name     string     `json:"name"`
	Do       string     `json:"do"`
	SQL      string     `json:"sql"`
	Rows     [][]string `json:"rows"`
	Batch    bool       `json:"batch"`
	Kinds    []string   `json:"kinds"`
	Password string     `json:"password"`
	TLS      bool       `json:"tls"`
}

type answer struct {
	Step    string   `json:"step"`
	Results []result `json:"results"`
	Error   *failure `json:"error,omitempty"`
}

type result struct {
	Affected *int64       `json:"affected,omitempty"`
	Columns  []string     `json:"columns,omitempty"`
	Nullable []bool       `json:"nullable,omitempty"`
	Rows     *[][]*string `json:"rows,omitempty"` // a pointer: no rows are an answer too
}

type failure struct {
	Code    *int   `json:"code"`
	Message string `json:"message"`
}

// executor is a connection or its open transaction.
type executor interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// runner holds one connection at a time. In database/sql, autocommit off is an open transaction.
type runner struct {
	job    job
	db     *sql.DB
	conn   *sql.Conn
	tx     *sql.Tx
	manual bool
}

func (r *runner) run(ctx context.Context, s step) answer {
	var err error
	done := answer{Step: s.Name}
	switch s.Do {
	case "":
		done.Results, err = r.execute(ctx, s)
	case "connect":
		err = r.connect(ctx, s)
	case "disconnect":
		err = errors.Join(r.end((*sql.Tx).Rollback), r.conn.Close(), r.db.Close())
	case "autocommit off":
		r.manual = true
	case "autocommit on":
		r.manual = false
		err = r.end((*sql.Tx).Commit)
	case "commit":
		err = r.end((*sql.Tx).Commit)
	case "rollback":
		err = r.end((*sql.Tx).Rollback)
	default:
		err = fmt.Errorf("unknown step: %s", s.Do)
	}
	if err != nil {
		done.Error = described(err)
	}
	return done
}

func described(err error) *failure {
	var fromHana driver.Error
	if errors.As(err, &fromHana) {
		code := fromHana.Code()
		return &failure{Code: &code, Message: fromHana.Text()}
	}
	return &failure{Message: err.Error()}
}

func (r *runner) connect(ctx context.Context, s step) error {
	port, password := r.job.Port, r.job.Password
	if s.TLS {
		port = r.job.TLSPort
	}
	if s.Password != "" {
		password = s.Password
	}
	connector := driver.NewBasicAuthConnector(fmt.Sprintf("%s:%d", r.job.Host, port), r.job.User, password)
	if s.TLS {
		pem, err := os.ReadFile(r.job.Roots)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		connector.SetTLSConfig(&tls.Config{RootCAs: roots, ServerName: r.job.Host})
	}
	r.db = sql.OpenDB(connector)
	var err error
	r.conn, err = r.db.Conn(ctx)
	return err
}

func (r *runner) end(how func(*sql.Tx) error) error {
	if r.tx == nil {
		return nil
	}
	tx := r.tx
	r.tx = nil
	return how(tx)
}

func (r *runner) executor(ctx context.Context) (executor, error) {
	if !r.manual {
		return r.conn, nil
	}
	if r.tx == nil {
		var err error
		if r.tx, err = r.conn.BeginTx(ctx, nil); err != nil {
			return nil, err
		}
	}
	return r.tx, nil
}

func (r *runner) execute(ctx context.Context, s step) ([]result, error) {
	on, err := r.executor(ctx)
	if err != nil {
		return nil, err
	}
	if len(s.Rows) == 0 {
		one, err := direct(ctx, on, s)
		if err != nil {
			return nil, err
		}
		return []result{one}, nil
	}
	statement, err := on.PrepareContext(ctx, s.SQL)
	if err != nil {
		return nil, err
	}
	defer statement.Close()
	rows, err := parameters(s)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, row := range rows {
		one, err := prepared(ctx, statement, row, s.Kinds)
		if err != nil {
			return nil, err
		}
		results = append(results, one)
	}
	return results, nil
}

// parameters of each execution; the rows of a batch one after another in a single one.
func parameters(s step) ([][]any, error) {
	rows := make([][]any, 0, len(s.Rows))
	for at, row := range s.Rows {
		if at == 0 || !s.Batch {
			rows = append(rows, nil)
		}
		last := &rows[len(rows)-1]
		for _, parameter := range row {
			value, err := bound(parameter)
			if err != nil {
				return nil, err
			}
			*last = append(*last, value)
		}
	}
	return rows, nil
}

func direct(ctx context.Context, on executor, s step) (result, error) {
	if s.Kinds == nil {
		done, err := on.ExecContext(ctx, s.SQL)
		return changed(done, err)
	}
	rows, err := on.QueryContext(ctx, s.SQL)
	return fetched(rows, err, s.Kinds)
}

func prepared(ctx context.Context, statement *sql.Stmt, row []any, kinds []string) (result, error) {
	if kinds == nil {
		done, err := statement.ExecContext(ctx, row...)
		return changed(done, err)
	}
	rows, err := statement.QueryContext(ctx, row...)
	return fetched(rows, err, kinds)
}

func changed(done sql.Result, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	affected, err := done.RowsAffected()
	if err != nil {
		affected = 0 // the driver's word for a statement that counts no rows, such as DDL
	}
	return result{Affected: &affected}, nil
}

func fetched(rows *sql.Rows, err error, kinds []string) (result, error) {
	if err != nil {
		return result{}, err
	}
	defer rows.Close()
	described, err := rows.ColumnTypes()
	if err != nil {
		return result{}, err
	}
	columns, nullable := make([]string, len(described)), make([]bool, len(described))
	for at, column := range described {
		columns[at] = column.Name()
		nullable[at], _ = column.Nullable()
	}
	table := [][]*string{}
	for rows.Next() {
		scanned := make([]any, len(kinds))
		for at, kind := range kinds {
			scanned[at] = destination(kind)
		}
		if err := rows.Scan(scanned...); err != nil {
			return result{}, err
		}
		printed := make([]*string, len(kinds))
		for at, kind := range kinds {
			printed[at] = canonical(kind, scanned[at])
		}
		table = append(table, printed)
	}
	return result{Columns: columns, Nullable: nullable, Rows: &table}, rows.Err()
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	var wanted job
	if err := json.NewDecoder(os.Stdin).Decode(&wanted); err != nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	_ = out.Encode(map[string]int{"fraction_digits": fractionDigits})
	r := runner{job: wanted}
	for _, s := range wanted.Steps {
		_ = out.Encode(r.run(context.Background(), s))
	}
}
