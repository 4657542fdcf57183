SELECT "NET" FROM "SALES"."ORDERS" WHERE "REGION" = ?
-- ? "O'Brien \\ Süd 🛒"
