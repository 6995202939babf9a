using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Checkpoints;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Checkpoints;

/// <summary>Stored files of jobs, streamed with the memory of one chunk.</summary>
static class CheckpointEndpoints
{
    public static void MapCheckpoints(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/checkpoints/{id:guid}/content", Content).WithTags("checkpoints").WithName("checkpointContent")
            .Produces(200, contentType: "application/octet-stream").ProducesProblem(404)
            .WithSummary("A checkpoint's bytes (safetensors)")
            .WithDescription("The ETag is the SHA-256 of the content. If the stored bytes turn out damaged on the way, the connection is cut before Content-Length is reached.");

    static async Task Content(Guid id, HttpContext context, CheckpointStore checkpoints, ILogger<CheckpointStore> log, CancellationToken ct)
    {
        if (await checkpoints.Find(id, context.User.Sees(), ct) is not { } found)
        {
            await Refusal.NotFound("checkpoint", id).ExecuteAsync(context);
            return;
        }
        var response = context.Response;
        response.ContentType = "application/octet-stream";
        response.ContentLength = found.Info.Bytes;
        response.Headers.ETag = $"\"{found.Info.Sha256}\"";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = $"{FileName(found)}.safetensors" }.ToString();
        try
        {
            await checkpoints.CopyTo(found.Info, response.Body, ct);
        }
        catch (DamagedCheckpointException damage)
        {
            // A status can no longer be sent: only a cut connection keeps half a file from being taken for a whole one.
            ApiLog.CheckpointDamaged(log, id, damage.Message);
            await checkpoints.MarkDamaged(id, CancellationToken.None);
            context.Abort();
        }
    }

    static string FileName(CheckpointOfJob found) =>
        string.Concat($"{found.JobName}-{found.Info.Name}".Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-'));
}
