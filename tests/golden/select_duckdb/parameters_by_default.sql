SELECT CAST(e."CURRENCY" AS VARCHAR) AS "CURRENCY", CAST(e."REVENUE" AS DECIMAL(38, 4)) AS "REVENUE" FROM "SALES"."Umsatz je Währung"("P_CURRENCY" := CAST(? AS VARCHAR), "P_FROM" := CAST(? AS DATE)) AS e WHERE e."REVENUE" > ? AND random() < 0.1
-- ? 'EUR'
-- ? datetime.date(2024, 1, 1)
-- ? Decimal('5.0000')
