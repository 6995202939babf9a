namespace KdRobust.Api;

/// <summary>Everything the API logs, with stable ids.</summary>
static partial class ApiLog
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Address}")]
    public static partial void Listening(ILogger log, string address);

    [LoggerMessage(2, LogLevel.Information, "Applied migrations: {Migrations}")]
    public static partial void Migrated(ILogger log, string migrations);

    [LoggerMessage(3, LogLevel.Information, "Wrote a new admin key into {File}")]
    public static partial void KeyCreated(ILogger log, string file);

    [LoggerMessage(4, LogLevel.Information, "Experiment {Experiment} ({Name}) submitted by {Owner}: {Jobs} jobs, {Reused} of them already there")]
    public static partial void Submitted(ILogger log, Guid experiment, string name, string owner, int jobs, int reused);

    [LoggerMessage(5, LogLevel.Information, "Cancellation of {Kind} {Id} asked for by {Owner}")]
    public static partial void CancelRequested(ILogger log, string kind, Guid id, string owner);

    [LoggerMessage(6, LogLevel.Warning, "The database does not answer: {Reason}")]
    public static partial void DatabaseAway(ILogger log, string reason);

    [LoggerMessage(7, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger log, string method, string path, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "Checkpoint {Checkpoint} is damaged: {Reason}")]
    public static partial void CheckpointDamaged(ILogger log, Guid checkpoint, string reason);

    [LoggerMessage(10, LogLevel.Warning, "An event stream ended: {Reason}")]
    public static partial void StreamEnded(ILogger log, string reason);

    [LoggerMessage(11, LogLevel.Information, "Model file {Sha256} ({Name}, {Bytes} bytes) uploaded by {Owner}")]
    public static partial void ModelUploaded(ILogger log, string sha256, string name, long bytes, string owner);

    [LoggerMessage(12, LogLevel.Information, "Model file {Sha256} of {Owner} deleted by {By}")]
    public static partial void ModelDeleted(ILogger log, string sha256, string owner, string by);

    [LoggerMessage(14, LogLevel.Information, "Sweep {Sweep} ({Name}) submitted by {Owner}: {Points} points, {Made} experiments made with {Jobs} jobs, {Reused} of them already there")]
    public static partial void SweepSubmitted(ILogger log, Guid sweep, string name, string owner, int points, int made, int jobs, int reused);

    [LoggerMessage(15, LogLevel.Information, "Sweep {Sweep} filled up for {Owner}: {Made} experiments made anew")]
    public static partial void SweepFilled(ILogger log, Guid sweep, string owner, int made);

    [LoggerMessage(13, LogLevel.Warning, "Model file {Sha256} of {Owner}: {Reason}")]
    public static partial void ModelDamaged(ILogger log, string sha256, string owner, string reason);

    [LoggerMessage(14, LogLevel.Error, "{Action} of {Owner} is missing from the audit: {Reason}")]
    public static partial void AuditMissed(ILogger log, string action, string owner, string reason);

    [LoggerMessage(15, LogLevel.Information, "{Action} of {Kind} {Id} by {Owner}: {Outcome}")]
    public static partial void Asked(ILogger log, string action, string kind, Guid id, string owner, string outcome);

    [LoggerMessage(16, LogLevel.Warning, "The sizes of the tables were not looked at: {Reason}")]
    public static partial void StatisticsPostponed(ILogger log, string reason);
}
