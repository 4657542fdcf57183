SELECT MIN(e."REVENUE") AS "LEAST", MAX(e."REVENUE") AS "GREATEST" FROM "SALES"."Umsatz je Währung"("P_CURRENCY" := CAST(? AS VARCHAR), "P_FROM" := CAST(? AS DATE)) AS e WHERE e."REVENUE" > ?
-- ? 'EUR'
-- ? datetime.date(2024, 1, 1)
-- ? Decimal('5.0000')
