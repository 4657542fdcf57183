SELECT CAST(e."NET" AS DECIMAL(15, 2)) AS "NET" FROM "SALES"."ORDERS" AS e WHERE ((e."LINES" = ? AND e."NET" > ?) OR (e."LINES" = ? AND (e."PAID" = TRUE OR e."PAID" IS NULL)))
-- ? 1
-- ? Decimal('5.00')
-- ? 2
