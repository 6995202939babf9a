using KdRobust.Support;

namespace KdRobust.Chaos.Checks;

/// <summary>
/// A second pair of eyes in the database: at each write of a metric or a checkpoint it notes whether the job was running under
/// the writer's fence at that moment. The tables alone show a stale write only once a newer claim has written too.
/// </summary>
static class Witness
{
    internal static Task<int> Install(TestDatabase database) => database.Execute(
        """
        CREATE TABLE witness (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL, job_id uuid NOT NULL, written_fence bigint NOT NULL, job_fence bigint, job_state text, at timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE FUNCTION witness_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            INSERT INTO witness (what, job_id, written_fence, job_fence, job_state)
            SELECT TG_TABLE_NAME, written.job_id, written.fence, job.fence, job.state
            FROM (SELECT DISTINCT job_id, fence FROM added) written LEFT JOIN job ON job.id = written.job_id
            WHERE job.id IS NULL OR job.fence <> written.fence OR job.state <> 'Running';
            RETURN NULL;
        END $$;
        CREATE TRIGGER witness_metric AFTER INSERT ON metric REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION witness_write();
        CREATE TRIGGER witness_checkpoint AFTER INSERT ON checkpoint REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION witness_write();
        CREATE TABLE witnessed_damage (checkpoint_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE FUNCTION witness_damage() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            INSERT INTO witnessed_damage (checkpoint_id) VALUES (NEW.id);
            RETURN NULL;
        END $$;
        CREATE TRIGGER witness_damage AFTER UPDATE OF damaged_at ON checkpoint FOR EACH ROW WHEN (NEW.damaged_at IS NOT NULL) EXECUTE FUNCTION witness_damage();
        """);
}
