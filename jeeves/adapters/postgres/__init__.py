"""PostgreSQL through psycopg2: the store, what people are shown of it, and its schema."""
