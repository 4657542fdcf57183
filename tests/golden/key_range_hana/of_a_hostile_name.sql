SELECT MIN("größe {} ?") AS "LEAST", MAX("größe {} ?") AS "GREATEST" FROM "SALES#ETL"."""; DROP TABLE x --" WHERE """; DROP TABLE x --" = ?
-- ? '"; DROP TABLE x --'
