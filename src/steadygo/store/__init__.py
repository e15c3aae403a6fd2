"""What is kept between runs: one file a table, and the only room with SQL."""
