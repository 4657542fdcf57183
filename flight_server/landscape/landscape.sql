-- The sample landscape of "flight-server demo": a wholesaler's sales and exchange rates.
-- Deterministic: the same rows on every start. The variable item_count is set before this script.

-- Temporary, so that they are gone when the script ends and never show up in the catalogue.
CREATE TEMP MACRO pick(seed, salt, n) AS CAST(hash(seed, salt) % n AS INTEGER);
CREATE TEMP MACRO one_of(seed, salt, words) AS words[1 + pick(seed, salt, len(words))];

CREATE SCHEMA "SALES";
CREATE SCHEMA "FINANCE";

-- Business partners -------------------------------------------------------------------------

CREATE TEMP TABLE places (place INTEGER, city VARCHAR, country VARCHAR, region VARCHAR,
                          currency VARCHAR, latitude DOUBLE, longitude DOUBLE);
INSERT INTO places VALUES
    (0, 'Walldorf', 'DE', 'EMEA', 'EUR', 49.3064, 8.6428),
    (1, 'Düsseldorf', 'DE', 'EMEA', 'EUR', 51.2277, 6.7735),
    (2, 'Zürich', 'CH', 'EMEA', 'CHF', 47.3769, 8.5417),
    (3, 'Łódź', 'PL', 'EMEA', 'PLN', 51.7592, 19.4560),
    (4, 'Malmö', 'SE', 'EMEA', 'SEK', 55.6050, 13.0038),
    (5, 'Saint-Étienne', 'FR', 'EMEA', 'EUR', 45.4397, 4.3872),
    (6, 'London', 'GB', 'EMEA', 'GBP', 51.5074, -0.1278),
    (7, 'Palo Alto', 'US', 'AMER', 'USD', 37.4419, -122.1430),
    (8, 'Montréal', 'CA', 'AMER', 'CAD', 45.5019, -73.5674),
    (9, 'São Paulo', 'BR', 'AMER', 'BRL', -23.5505, -46.6333),
    (10, '東京', 'JP', 'APJ', 'JPY', 35.6762, 139.6503),
    (11, 'Bengaluru', 'IN', 'APJ', 'INR', 12.9716, 77.5946);

CREATE TABLE "SALES"."BUSINESS_PARTNERS" (
    "PARTNER_ID"   VARCHAR PRIMARY KEY,
    "NAME"         VARCHAR NOT NULL,
    "CITY"         VARCHAR NOT NULL,
    "COUNTRY"      VARCHAR NOT NULL,
    "REGION"       VARCHAR NOT NULL,
    "CURRENCY"     VARCHAR NOT NULL,
    "CREDIT_LIMIT" DECIMAL(15, 2),
    "VALID_FROM"   DATE NOT NULL,
    "VALID_TO"     DATE NOT NULL,
    "CREATED_AT"   TIMESTAMP NOT NULL,
    "IS_BLOCKED"   BOOLEAN NOT NULL,
    "LATITUDE"     DOUBLE,
    "LONGITUDE"    DOUBLE,
    "TAX_HASH"     BLOB
);

INSERT INTO "SALES"."BUSINESS_PARTNERS"
SELECT
    format('BP{:06d}', i),
    one_of(i, 'first', ['Müller', 'Schröder', 'Ångström', 'O''Brien', 'Nuñez', 'Dvořák', 'Smith',
                        'Tanaka', 'Patel', 'Café Zoë', 'Smile 😀', 'Becker'])
        || one_of(i, 'middle', [' & Söhne', ' Handel', ' Trading', ' Foods', ' Technik', ''])
        || ' ' || one_of(i, 'legal', ['GmbH', 'AG', 'Ltd.', 'S.A.', 'K.K.', 'Inc.']),
    city, country, region, currency,
    -- Every eighth partner pays in advance and has no limit.
    CASE WHEN i % 8 <> 0 THEN CAST(1000 * (1 + pick(i, 'limit', 500)) AS DECIMAL(15, 2)) END,
    DATE '2010-01-01' + pick(i, 'from', 4000),
    CASE WHEN i % 20 = 0 THEN DATE '2024-06-30' ELSE DATE '9999-12-31' END,
    TIMESTAMP '2010-01-01 08:00:00' + to_milliseconds(pick(i, 'made', 2000000000))
        + to_microseconds(pick(i, 'micro', 1000)),
    i % 53 = 0,
    CASE WHEN i % 11 <> 0 THEN round(latitude + (pick(i, 'lat', 2000) - 1000) / 10000, 4) END,
    CASE WHEN i % 11 <> 0 THEN round(longitude + (pick(i, 'lon', 2000) - 1000) / 10000, 4) END,
    CASE WHEN i % 5 <> 0 THEN unhex(md5('tax number ' || i)) END
FROM range(1, 5001) AS numbers(i)
JOIN places ON place = pick(i, 'place', 12)
ORDER BY i;

COMMENT ON TABLE "SALES"."BUSINESS_PARTNERS" IS 'Business partners: customers that buy from us';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."PARTNER_ID" IS 'Business partner number';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."NAME" IS 'Legal name';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."CITY" IS 'City of the main address';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."COUNTRY" IS 'Country key, ISO 3166-1 alpha-2';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."REGION" IS 'Sales region: EMEA, AMER or APJ';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."CURRENCY" IS 'Preferred currency, ISO 4217';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."CREDIT_LIMIT" IS 'Credit limit in EUR; empty for prepayment';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."VALID_FROM" IS 'Valid from';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."VALID_TO" IS 'Valid to; 9999-12-31 is unlimited';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."CREATED_AT" IS 'Created at (UTC)';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."IS_BLOCKED" IS 'Blocked for new orders';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."LATITUDE" IS 'Latitude of the main address in degrees';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."LONGITUDE" IS 'Longitude of the main address in degrees';
COMMENT ON COLUMN "SALES"."BUSINESS_PARTNERS"."TAX_HASH" IS 'MD5 of the tax number, for matching without showing it';

-- Products ----------------------------------------------------------------------------------

CREATE TABLE "SALES"."PRODUCTS" (
    "PRODUCT_ID"    VARCHAR PRIMARY KEY,
    "NAME"          VARCHAR NOT NULL,
    "CATEGORY"      VARCHAR NOT NULL,
    "LIST_PRICE"    DECIMAL(15, 2) NOT NULL,
    "UNIT"          VARCHAR NOT NULL,
    "Gross#Weight"  DOUBLE,
    "RATING"        UTINYINT,
    "STOCK"         INTEGER NOT NULL,
    "INTRODUCED_ON" DATE NOT NULL,
    "DISCONTINUED"  BOOLEAN NOT NULL
);

INSERT INTO "SALES"."PRODUCTS"
SELECT
    format('P-{:05d}', i),
    one_of(i, 'adjective', ['Extra', 'Classic', 'Größe XL', 'Mini', 'Pro', 'Öko', 'Deluxe 🎁'])
        || ' '
        || one_of(i, 'noun', ['Espressomühle', 'Notebook', 'Bürostuhl', 'Monitor', 'Fjällräv Rucksack',
                              'Kabel 3m', 'Lampe', 'Crème brûlée Set']),
    one_of(i, 'category', ['Household', 'Electronics', 'Furniture', 'Accessories', 'Outdoor']),
    CAST(4.99 + pick(i, 'price', 1500) + pick(i, 'cents', 100) / 100 AS DECIMAL(15, 2)),
    one_of(i, 'unit', ['EA', 'EA', 'EA', 'KG', 'M']),
    CASE WHEN i % 9 <> 0 THEN (50 + pick(i, 'weight', 30000)) / 1000 END,
    CASE WHEN i % 4 <> 0 THEN CAST(1 + pick(i, 'rating', 5) AS UTINYINT) END,
    pick(i, 'stock', 10000),
    DATE '2015-01-01' + pick(i, 'intro', 3000),
    i % 17 = 0
FROM range(1, 1201) AS numbers(i)
ORDER BY i;

COMMENT ON TABLE "SALES"."PRODUCTS" IS 'Products of the catalogue, with list prices in EUR';
COMMENT ON COLUMN "SALES"."PRODUCTS"."PRODUCT_ID" IS 'Product number';
COMMENT ON COLUMN "SALES"."PRODUCTS"."NAME" IS 'Product name';
COMMENT ON COLUMN "SALES"."PRODUCTS"."CATEGORY" IS 'Product category';
COMMENT ON COLUMN "SALES"."PRODUCTS"."LIST_PRICE" IS 'List price in EUR';
COMMENT ON COLUMN "SALES"."PRODUCTS"."UNIT" IS 'Unit of measure';
COMMENT ON COLUMN "SALES"."PRODUCTS"."Gross#Weight" IS 'Gross weight in kg (imported name)';
COMMENT ON COLUMN "SALES"."PRODUCTS"."RATING" IS 'Average rating, 1 to 5 stars; empty before the first';
COMMENT ON COLUMN "SALES"."PRODUCTS"."STOCK" IS 'Pieces in stock';
COMMENT ON COLUMN "SALES"."PRODUCTS"."INTRODUCED_ON" IS 'Date of introduction';
COMMENT ON COLUMN "SALES"."PRODUCTS"."DISCONTINUED" IS 'No longer sold';

-- Sales orders: five items each -------------------------------------------------------------

CREATE TABLE "SALES"."SALES_ORDERS" (
    "ORDER_ID"      BIGINT PRIMARY KEY,
    "PARTNER_ID"    VARCHAR NOT NULL,
    "ORDER_DATE"    DATE NOT NULL,
    "CREATED_AT"    TIMESTAMP NOT NULL,
    "DELIVERY_DATE" DATE,
    "STATUS"        VARCHAR NOT NULL,
    "CHANNEL"       VARCHAR NOT NULL,
    "CURRENCY"      VARCHAR NOT NULL,
    "PRIORITY"      UTINYINT
);

INSERT INTO "SALES"."SALES_ORDERS"
SELECT
    order_id, "PARTNER_ID", order_date,
    order_date + to_milliseconds(pick(i, 'time', 86400000))
        + to_microseconds(pick(i, 'micro', 1000)),
    CASE WHEN status = 'DELIVERED' THEN order_date + 2 + pick(i, 'delivery', 20) END,
    status,
    one_of(i, 'channel', ['WEB', 'WEB', 'EDI', 'PHONE', 'STORE']),
    "CURRENCY",
    CASE WHEN i % 3 <> 0 THEN CAST(1 + pick(i, 'priority', 9) AS UTINYINT) END
FROM (
    SELECT
        i, 4500000000 + i AS order_id,
        format('BP{:06d}', 1 + pick(i, 'partner', 5000)) AS "PARTNER_ID",
        DATE '2022-01-01' + pick(i, 'date', 1096) AS order_date,
        one_of(i, 'status', ['DELIVERED', 'DELIVERED', 'DELIVERED', 'OPEN', 'CANCELLED']) AS status
    FROM range((getvariable('item_count') + 4) // 5) AS numbers(i)
) AS orders
JOIN "SALES"."BUSINESS_PARTNERS" USING ("PARTNER_ID")
ORDER BY i;

COMMENT ON TABLE "SALES"."SALES_ORDERS" IS 'Sales orders, one row for each document';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."ORDER_ID" IS 'Sales document number';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."PARTNER_ID" IS 'Sold-to party';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."ORDER_DATE" IS 'Document date';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."CREATED_AT" IS 'Created at (UTC)';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."DELIVERY_DATE" IS 'Delivered on; empty while open or if cancelled';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."STATUS" IS 'OPEN, DELIVERED or CANCELLED';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."CHANNEL" IS 'Distribution channel';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."CURRENCY" IS 'Document currency, ISO 4217';
COMMENT ON COLUMN "SALES"."SALES_ORDERS"."PRIORITY" IS 'Delivery priority, 1 is highest; empty for normal';

CREATE TABLE "SALES"."SALES_ORDER_ITEMS" (
    "ORDER_ID"     BIGINT NOT NULL,
    "ITEM_NO"      INTEGER NOT NULL,
    "PRODUCT_ID"   VARCHAR NOT NULL,
    "QUANTITY"     DECIMAL(13, 3) NOT NULL,
    "NET_AMOUNT"   DECIMAL(15, 2) NOT NULL,
    "TAX_AMOUNT"   DECIMAL(15, 2) NOT NULL,
    "CURRENCY"     VARCHAR NOT NULL,
    "DISCOUNT"     DOUBLE,
    "CONFIRMED_AT" TIMESTAMP,
    "IS_RETURN"    BOOLEAN NOT NULL,
    "NOTE"         VARCHAR
);

INSERT INTO "SALES"."SALES_ORDER_ITEMS"
SELECT
    "ORDER_ID", item_no, "PRODUCT_ID", quantity, net_amount,
    CAST(net_amount * 0.19 AS DECIMAL(15, 2)),
    "CURRENCY", discount,
    CASE WHEN "STATUS" <> 'OPEN' THEN "CREATED_AT" + to_minutes(1 + pick(i, 'confirm', 4000)) END,
    i % 97 = 0,
    CASE WHEN i % 10 = 0
         THEN one_of(i, 'note', ['Bitte nicht stürzen', 'Leave at the gate', 'Gift 🎁', 'Ré-étiqueter'])
    END
FROM (
    SELECT
        *,
        CAST("LIST_PRICE" * quantity * CAST(1 - coalesce(discount, 0) AS DECIMAL(3, 2))
             AS DECIMAL(15, 2)) AS net_amount
    FROM (
        SELECT
            i, 4500000000 + i // 5 AS "ORDER_ID", CAST(10 * (1 + i % 5) AS INTEGER) AS item_no,
            format('P-{:05d}', 1 + pick(i, 'product', 1200)) AS "PRODUCT_ID",
            CAST((1 + pick(i, 'quantity', 40)) / 2 AS DECIMAL(13, 3)) AS quantity,
            CASE WHEN i % 4 = 0 THEN pick(i, 'discount', 31) / 100 END AS discount
        FROM range(getvariable('item_count')) AS numbers(i)
    ) AS drawn
    JOIN "SALES"."PRODUCTS" USING ("PRODUCT_ID")
) AS priced
JOIN "SALES"."SALES_ORDERS" USING ("ORDER_ID")
ORDER BY i;

ALTER TABLE "SALES"."SALES_ORDER_ITEMS" ADD PRIMARY KEY ("ORDER_ID", "ITEM_NO");

COMMENT ON TABLE "SALES"."SALES_ORDER_ITEMS" IS 'Items of sales orders, up to five for each document';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."ORDER_ID" IS 'Sales document number';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."ITEM_NO" IS 'Item number: 10, 20, 30, 40, 50';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."PRODUCT_ID" IS 'Product number';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."QUANTITY" IS 'Ordered quantity in the unit of the product';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."NET_AMOUNT" IS 'Net amount in document currency';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."TAX_AMOUNT" IS 'Tax amount in document currency';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."CURRENCY" IS 'Document currency, ISO 4217';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."DISCOUNT" IS 'Discount as a fraction of the list price; empty for none';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."CONFIRMED_AT" IS 'Confirmed at (UTC); empty while open';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."IS_RETURN" IS 'The item was sent back';
COMMENT ON COLUMN "SALES"."SALES_ORDER_ITEMS"."NOTE" IS 'Free text for the warehouse';

-- Exchange rates of the first day of every quarter ------------------------------------------

CREATE TABLE "FINANCE"."EXCHANGE_RATES" (
    "FROM_CURRENCY" VARCHAR,
    "TO_CURRENCY"   VARCHAR,
    "VALID_FROM"    DATE,
    "RATE"          DECIMAL(15, 6) NOT NULL,
    PRIMARY KEY ("FROM_CURRENCY", "TO_CURRENCY", "VALID_FROM")
);

CREATE TEMP TABLE euros (currency VARCHAR, per_euro DOUBLE);
INSERT INTO euros VALUES
    ('EUR', 1), ('USD', 1.08), ('GBP', 0.86), ('CHF', 0.97), ('PLN', 4.4), ('SEK', 11.2),
    ('CAD', 1.46), ('BRL', 5.4), ('JPY', 158), ('INR', 90);

INSERT INTO "FINANCE"."EXCHANGE_RATES"
SELECT
    source.currency, target.currency, CAST(valid_from AS DATE),
    CAST(CASE WHEN source.currency = target.currency THEN 1 ELSE
        target.per_euro / source.per_euro
        * (1 + (pick(source.currency || target.currency, valid_from, 61) - 30) / 1000)
    END AS DECIMAL(15, 6))
FROM euros AS source
CROSS JOIN euros AS target
CROSS JOIN range(DATE '2022-01-01', DATE '2025-01-01', INTERVAL 3 MONTH) AS quarters(valid_from)
ORDER BY ALL;

COMMENT ON TABLE "FINANCE"."EXCHANGE_RATES" IS 'Exchange rates, type M, by quarter';
COMMENT ON COLUMN "FINANCE"."EXCHANGE_RATES"."FROM_CURRENCY" IS 'Currency of the amount, ISO 4217';
COMMENT ON COLUMN "FINANCE"."EXCHANGE_RATES"."TO_CURRENCY" IS 'Currency wanted, ISO 4217';
COMMENT ON COLUMN "FINANCE"."EXCHANGE_RATES"."VALID_FROM" IS 'First day of the quarter';
COMMENT ON COLUMN "FINANCE"."EXCHANGE_RATES"."RATE" IS 'One unit of the amount in the currency wanted';

-- Views -------------------------------------------------------------------------------------

CREATE VIEW "SALES"."ORDERS_WITH_PARTNERS" AS
SELECT
    o."ORDER_ID", o."ORDER_DATE", o."STATUS", o."CURRENCY",
    p."PARTNER_ID", p."NAME" AS "PARTNER_NAME", p."CITY", p."COUNTRY", p."REGION"
FROM "SALES"."SALES_ORDERS" AS o
JOIN "SALES"."BUSINESS_PARTNERS" AS p ON p."PARTNER_ID" = o."PARTNER_ID";

COMMENT ON VIEW "SALES"."ORDERS_WITH_PARTNERS" IS 'Sales orders with name and address of the sold-to party';
COMMENT ON COLUMN "SALES"."ORDERS_WITH_PARTNERS"."PARTNER_NAME" IS 'Legal name of the sold-to party';

CREATE VIEW "SALES"."MixedCase View" AS
SELECT
    "PRODUCT_ID" AS "Product Id", "NAME" AS "Bezeichnung", "LIST_PRICE" AS "Preis €",
    "Gross#Weight", "CATEGORY" AS "category"
FROM "SALES"."PRODUCTS"
WHERE NOT "DISCONTINUED";

COMMENT ON VIEW "SALES"."MixedCase View" IS 'Products on sale, with names as a modeller may choose them';

CREATE MACRO "SALES"."REVENUE_BY_REGION"("P_CURRENCY" VARCHAR, "P_YEAR" INTEGER := 2024) AS TABLE
SELECT
    p."REGION", p."COUNTRY", CAST(month(o."ORDER_DATE") AS INTEGER) AS "MONTH",
    count(DISTINCT o."ORDER_ID") AS "ORDERS",
    CAST(sum(i."NET_AMOUNT" * x."RATE") AS DECIMAL(19, 2)) AS "REVENUE",
    "P_CURRENCY" AS "CURRENCY"
FROM "SALES"."SALES_ORDER_ITEMS" AS i
JOIN "SALES"."SALES_ORDERS" AS o ON o."ORDER_ID" = i."ORDER_ID"
JOIN "SALES"."BUSINESS_PARTNERS" AS p ON p."PARTNER_ID" = o."PARTNER_ID"
JOIN "FINANCE"."EXCHANGE_RATES" AS x
    ON x."FROM_CURRENCY" = i."CURRENCY" AND x."TO_CURRENCY" = "P_CURRENCY"
    AND x."VALID_FROM" = date_trunc('quarter', o."ORDER_DATE")
WHERE year(o."ORDER_DATE") = "P_YEAR" AND o."STATUS" <> 'CANCELLED' AND NOT i."IS_RETURN"
GROUP BY ALL;

COMMENT ON MACRO TABLE "SALES"."REVENUE_BY_REGION" IS 'Analytic view: net revenue by region, country and month, converted to P_CURRENCY';

DROP TABLE places;
DROP TABLE euros;
DROP MACRO pick;
DROP MACRO one_of;
