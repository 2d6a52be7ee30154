-- The table of events, and who may do what with it. A statement ends before an empty line.
CREATE TABLE IF NOT EXISTS events (
  event_key bytea PRIMARY KEY,
  event_source text NOT NULL,
  event_id text NOT NULL,
  event_type text NOT NULL,
  event_time timestamptz NOT NULL,
  row_index int NOT NULL,
  subject text,
  data jsonb,
  rest jsonb
);

COMMENT ON COLUMN events.event_key IS 'SHA-256 of event_source, event_id and row_index: the same row comes once.';

CREATE INDEX IF NOT EXISTS events_event_time ON events (event_time);

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'writer') THEN
    CREATE ROLE writer LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN
    CREATE ROLE reader LOGIN;
  END IF;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO writer, reader', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO writer, reader;

GRANT INSERT ON events TO writer;

GRANT SELECT ON events TO reader;
