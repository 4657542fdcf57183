SELECT CAST(e."NET" AS DECIMAL(15, 2)) AS "NET" FROM "SALES"."ORDERS" AS e WHERE e."LINES" IN (?, ?, ?)
-- ? 1
-- ? 2
-- ? 3
