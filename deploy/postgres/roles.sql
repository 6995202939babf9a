-- Least-privilege roles: each program may do what it does, and nothing more. Plain SQL, safe to run again.
--
--   kdr_migrator   owns the tables and changes the schema: only for `KdRobust.Api migrate`
--   kdr_api        the API
--   kdr_worker     the workers: claim, lease, metrics, checkpoints; never keys, never experiments
--   kdr_reader     reads results and the queue, e.g. for Grafana; no keys, no weights, read-only transactions
--
-- Run it as a superuser in the service's own database, twice: once before the first migration (it makes the roles), and once
-- after every migration (it grants what each may do with new tables; without that a program says "permission denied").
-- No password is written here: a role without one cannot log in over a network that asks for it. Set them once with \password.

DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['kdr_migrator', 'kdr_api', 'kdr_worker', 'kdr_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    END LOOP;
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;

-- Only the migrator makes and changes things here, also what an earlier owner made.
REVOKE ALL ON SCHEMA public FROM PUBLIC, kdr_api, kdr_worker, kdr_reader;
GRANT USAGE ON SCHEMA public TO kdr_api, kdr_worker, kdr_reader;
GRANT USAGE, CREATE ON SCHEMA public TO kdr_migrator;

-- The scheduler of schedules and chores has a schema of its own; its tables come with the first migration.
CREATE SCHEMA IF NOT EXISTS quartz AUTHORIZATION kdr_migrator;
GRANT USAGE ON SCHEMA quartz TO kdr_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA quartz TO kdr_api;

-- So has the engine hangfire, where it is built in; elsewhere it stays empty.
CREATE SCHEMA IF NOT EXISTS hangfire AUTHORIZATION kdr_migrator;
GRANT USAGE ON SCHEMA hangfire TO kdr_api, kdr_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hangfire TO kdr_api, kdr_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA hangfire TO kdr_api, kdr_worker;

DO $$
DECLARE thing record;
BEGIN
    FOR thing IN
        SELECT format('ALTER TABLE %s OWNER TO kdr_migrator', c.oid::regclass) AS statement
        FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'quartz'::regnamespace, 'hangfire'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relowner <> 'kdr_migrator'::regrole
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO kdr_migrator', p.oid::regprocedure)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.proowner <> 'kdr_migrator'::regrole
    LOOP
        EXECUTE thing.statement;
    END LOOP;
END $$;

-- Table by table: what is not written here is not allowed. A table this build does not have is passed over.
DO $$
DECLARE wanted record;
BEGIN
    EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, kdr_api, kdr_worker, kdr_reader';
    FOR wanted IN
        SELECT * FROM (VALUES
            -- table                    kdr_api                            kdr_worker                         kdr_reader
            ('"__EFMigrationsHistory"', 'SELECT',                          'SELECT',                          'SELECT'),
            ('api_key',                 'SELECT, INSERT, UPDATE',          NULL,                              NULL),
            ('experiment',              'SELECT, INSERT, UPDATE',          NULL,                              'SELECT'),
            ('experiment_job',          'SELECT, INSERT, UPDATE',          NULL,                              'SELECT'),
            ('job',                     'SELECT, INSERT, UPDATE',          'SELECT, UPDATE',                  'SELECT'),
            ('job_dependency',          'SELECT, INSERT',                  'SELECT',                          'SELECT'),
            -- Written by the trigger of job in the name of whoever changed it; another trigger keeps it append-only.
            ('job_event',               'SELECT, INSERT',                  'INSERT',                          'SELECT'),
            -- Retention runs beside the API: old metrics are thinned, old checkpoints deleted.
            ('metric',                  'SELECT, UPDATE, DELETE',          'SELECT, INSERT',                  'SELECT'),
            ('metric_thinning',         'SELECT, INSERT, UPDATE',          NULL,                              'SELECT'),
            ('checkpoint',              'SELECT, UPDATE, DELETE',          'SELECT, INSERT, UPDATE, DELETE',  'SELECT'),
            -- The reaper collects what nothing names any more, beside the API and beside every worker.
            ('checkpoint_chunk',        'SELECT',                          'SELECT, INSERT',                  NULL),
            ('chunk',                   'SELECT, INSERT, UPDATE, DELETE',  'SELECT, INSERT, UPDATE, DELETE',  NULL),
            ('model_file',              'SELECT, INSERT, UPDATE, DELETE',  'SELECT',                          'SELECT'),
            ('model_file_chunk',        'SELECT, INSERT',                  'SELECT',                          NULL),
            ('worker',                  'SELECT, UPDATE',                  'SELECT, INSERT, UPDATE',          'SELECT'),
            ('device_health',           'SELECT, UPDATE',                  'SELECT, INSERT, UPDATE',          'SELECT'),
            ('quota',                   'SELECT, INSERT, UPDATE, DELETE',  'SELECT',                          'SELECT'),
            ('sweep',                   'SELECT, INSERT, UPDATE',          NULL,                              'SELECT'),
            ('sweep_point',             'SELECT, INSERT, UPDATE',          NULL,                              'SELECT'),
            ('schedule',                'SELECT, INSERT, UPDATE, DELETE',  NULL,                              'SELECT'),
            ('schedule_firing',         'SELECT, INSERT',                  NULL,                              'SELECT'),
            ('chore_run',               'SELECT, INSERT, UPDATE',          NULL,                              'SELECT'),
            ('idempotency',             'SELECT, INSERT, UPDATE, DELETE',  NULL,                              NULL),
            ('audit',                   'SELECT, INSERT',                  NULL,                              'SELECT'))
            AS grants (name, api, worker, reader)
        WHERE to_regclass('public.' || name) IS NOT NULL
    LOOP
        IF wanted.api IS NOT NULL THEN EXECUTE format('GRANT %s ON public.%s TO kdr_api', wanted.api, wanted.name); END IF;
        IF wanted.worker IS NOT NULL THEN EXECUTE format('GRANT %s ON public.%s TO kdr_worker', wanted.worker, wanted.name); END IF;
        IF wanted.reader IS NOT NULL THEN EXECUTE format('GRANT %s ON public.%s TO kdr_reader', wanted.reader, wanted.name); END IF;
    END LOOP;
END $$;

-- Lines of a job's history are numbered across the months' tables.
DO $$
BEGIN
    IF to_regclass('public.job_event_seq') IS NOT NULL THEN
        GRANT USAGE ON SEQUENCE public.job_event_seq TO kdr_api, kdr_worker;
    END IF;
END $$;

-- Functions that do what only an owner of the tables may: only the API calls them.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['job_event_make_month(date)', 'job_event_make_months(integer)', 'job_event_detach_months(integer)', 'analyze_grown_tables()'] LOOP
        IF to_regprocedure('public.' || name) IS NOT NULL THEN
            EXECUTE format('REVOKE EXECUTE ON FUNCTION public.%s FROM PUBLIC', name);
            EXECUTE format('GRANT EXECUTE ON FUNCTION public.%s TO kdr_api', name);
        END IF;
    END LOOP;
END $$;

-- A dashboard's mistake ends by itself.
ALTER ROLE kdr_reader SET default_transaction_read_only = on;
ALTER ROLE kdr_reader SET statement_timeout = '30s';
