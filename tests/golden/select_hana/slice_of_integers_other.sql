SELECT "NET" FROM "SALES"."ORDERS" WHERE ("LINES" = ? OR "NET" > ?) AND MOD(MOD(TO_BIGINT("ORDER_ID"), 4) + 4, 4) = 3
-- ? 1
-- ? Decimal('5.00')
