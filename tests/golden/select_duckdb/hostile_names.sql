SELECT CAST(e."""; DROP TABLE x --" AS VARCHAR) AS """; DROP TABLE x --", CAST(e."größe {} ?" AS INTEGER) AS "größe {} ?", CAST(e."#tmp.'/*" AS DATE) AS "#tmp.'/*" FROM "SALES#ETL"."""; DROP TABLE x --" AS e WHERE CAST(e."""; DROP TABLE x --" AS VARCHAR) = ? AND e."größe {} ?" = ? ORDER BY e."#tmp.'/*" ASC NULLS FIRST
-- ? '"; DROP TABLE x --'
-- ? 1
