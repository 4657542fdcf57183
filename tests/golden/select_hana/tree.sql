SELECT "NET" FROM "SALES"."ORDERS" WHERE (("LINES" = ? AND "NET" > ?) OR ("LINES" = ? AND ("PAID" = TRUE OR "PAID" IS NULL)))
-- ? 1
-- ? Decimal('5.00')
-- ? 2
