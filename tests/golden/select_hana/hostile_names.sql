SELECT """; DROP TABLE x --", "größe {} ?", "#tmp.'/*" FROM "SALES#ETL"."""; DROP TABLE x --" WHERE """; DROP TABLE x --" = ? AND "größe {} ?" = ? ORDER BY "#tmp.'/*" ASC NULLS FIRST
-- ? '"; DROP TABLE x --'
-- ? 1
