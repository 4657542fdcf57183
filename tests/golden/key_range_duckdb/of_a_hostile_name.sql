SELECT MIN(e."größe {} ?") AS "LEAST", MAX(e."größe {} ?") AS "GREATEST" FROM "SALES#ETL"."""; DROP TABLE x --" AS e WHERE CAST(e."""; DROP TABLE x --" AS VARCHAR) = ?
-- ? '"; DROP TABLE x --'
