ALTER TABLE orders RENAME COLUMN customer_id TO customer_ref;
ALTER TABLE orders DROP COLUMN sku;
