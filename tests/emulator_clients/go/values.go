package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/SAP/go-hdb/driver"
)

const (
	longText   = 200
	longBinary = 100
)

// layouts of the moments, in the canonical form and in the parameters of the script.
var layouts = map[string]string{
	"date":       "2006-01-02",
	"time":       "15:04:05",
	"seconddate": "2006-01-02 15:04:05",
	"timestamp":  "2006-01-02 15:04:05.0000000",
}

// bound gives a parameter of the script as the driver wants it.
func bound(parameter string) (any, error) {
	kind, text, found := strings.Cut(parameter, ":")
	if !found {
		return nil, nil
	}
	switch kind {
	case "int":
		return strconv.ParseInt(text, 10, 64)
	case "bool":
		return strconv.ParseBool(text)
	case "double":
		return strconv.ParseFloat(text, 64)
	case "decimal":
		value, ok := new(big.Rat).SetString(text)
		if !ok {
			return nil, fmt.Errorf("no decimal: %q", text)
		}
		return (*driver.Decimal)(value), nil
	case "binary":
		return hex.DecodeString(text)
	case "date", "time", "seconddate":
		return time.Parse(layouts[kind], text)
	case "timestamp":
		return time.Parse("2006-01-02 15:04:05.999999999", text)
	case "blob":
		data, err := hex.DecodeString(text)
		return driver.NewLob(bytes.NewReader(data), nil), err
	case "clob", "nclob":
		return driver.NewLob(strings.NewReader(text), nil), nil
	default:
		return text, nil
	}
}

// destination is what a column of this kind is scanned into.
func destination(kind string) any {
	switch kind {
	case "int":
		return new(sql.NullInt64)
	case "bool":
		return new(sql.NullBool)
	case "double":
		return new(sql.NullFloat64)
	case "decimal":
		return new(driver.NullDecimal)
	case "binary":
		return new(driver.NullBytes)
	case "date", "time", "seconddate", "timestamp":
		return new(sql.NullTime)
	case "clob", "nclob", "blob":
		return &driver.NullLob{Lob: driver.NewLob(nil, new(bytes.Buffer))}
	default:
		return new(sql.NullString)
	}
}

// canonical gives what was scanned in the form that all clients print; nil for NULL.
func canonical(kind string, scanned any) *string {
	var text string
	valid := false
	switch value := scanned.(type) {
	case *sql.NullInt64:
		text, valid = strconv.FormatInt(value.Int64, 10), value.Valid
	case *sql.NullBool:
		text, valid = strconv.FormatBool(value.Bool), value.Valid
	case *sql.NullFloat64:
		text, valid = fmt.Sprintf("%016x", math.Float64bits(value.Float64)), value.Valid
	case *driver.NullDecimal:
		if valid = value.Valid; valid {
			text = plain((*big.Rat)(value.Decimal))
		}
	case *driver.NullBytes:
		text, valid = binary(value.Bytes), value.Valid
	case *sql.NullTime:
		text, valid = value.Time.UTC().Format(layouts[kind]), value.Valid
	case *sql.NullString:
		text, valid = shortened(value.String), value.Valid
	case *driver.NullLob:
		if valid = value.Valid; valid {
			data := value.Lob.Writer().(*bytes.Buffer).Bytes()
			if text = binary(data); kind != "blob" {
				text = shortened(string(data))
			}
		}
	}
	if !valid {
		return nil
	}
	return &text
}

// plain gives digits without an exponent and without zeros at the end of the fraction.
func plain(value *big.Rat) string {
	digits, _ := value.FloatPrec()
	return value.FloatString(digits)
}

func binary(data []byte) string {
	if len(data) <= longBinary {
		return hex.EncodeToString(data)
	}
	return digest(data, len(data))
}

func shortened(text string) string {
	units := len(utf16.Encode([]rune(text)))
	if units <= longText {
		return text
	}
	return digest([]byte(text), units)
}

func digest(data []byte, length int) string {
	return fmt.Sprintf("sha256:%x:%d", sha256.Sum256(data), length)
}
