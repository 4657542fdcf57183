SELECT "NET" FROM "SALES"."ORDERS" WHERE "LINES" IN (?, ?, ?)
-- ? 1
-- ? 2
-- ? 3
