ALTER TABLE orders ADD COLUMN status TEXT;
UPDATE orders SET status = 'paid';
ALTER TABLE orders ALTER COLUMN status SET NOT NULL;
CREATE INDEX orders_customer ON orders (customer_id);
