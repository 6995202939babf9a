using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Api.Requests;
using KdRobust.Persistence.Checkpoints;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Checkpoints;

/// <summary>Stored files of jobs, streamed with the memory of one chunk.</summary>
static class CheckpointEndpoints
{
    public static void MapCheckpoints(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/checkpoints/{id:guid}/content", Content).WithTags("checkpoints").WithName("checkpointContent")
            .AsStream()
            .Produces(200, contentType: "application/octet-stream").Produces(206, contentType: "application/octet-stream").Produces(304).ProducesProblem(404).ProducesProblem(416)
            .WithSummary("A checkpoint's bytes (safetensors)")
            .WithDescription("The ETag is the SHA-256 of the content; Range asks for one part of it. If the stored bytes turn out damaged on the way, the connection is cut before Content-Length is reached.");

    static async Task Content(Guid id, HttpContext context, CheckpointStore checkpoints, ILogger<CheckpointStore> log, CancellationToken ct)
    {
        if (await checkpoints.Find(id, context.User.Sees(), ct) is not { } found)
        {
            await Refusal.NotFound("checkpoint", id).ExecuteAsync(context);
            return;
        }
        var answer = new ContentAnswer(found.Info.Bytes, found.Info.Sha256, new ContentDispositionHeaderValue("attachment") { FileName = $"{FileName(found)}.safetensors" });
        try
        {
            await answer.Write(context, body => checkpoints.CopyTo(found.Info, body, ct), (from, count, body) => checkpoints.CopyTo(found.Info, from, count, body, ct));
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
