using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Checkpoints;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Api.Requests;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Models;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;

namespace KdRobust.Api.Models;

/// <summary>Files of weights that were trained elsewhere: upload, list, show, download and delete them.</summary>
static class ModelEndpoints
{
    const int LongestPage = 500;
    const int Sha256Digits = 64;

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/models").WithTags("models");
        group.MapPost("", ModelUpload.Handle).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("uploadModel").WithMetadata(new DisableRequestTimeoutAttribute())
            .ProducesProblem(400).ProducesProblem(413).ProducesProblem(415)
            .AddOpenApiOperationTransformer((operation, _, _) => ModelUpload.Describe(operation))
            .WithSummary("Upload a file of weights: PyTorch's .pt, .pth, .th, .pth.tar, or safetensors")
            .WithDescription("The file is the body; name is what you call it, at most 200 characters. Answers 201, or 200 when you have this very file already (it keeps its first name). Specs name it by its SHA-256; an import job reads it, nothing in it is ever executed.");
        group.MapGet("", List).WithName("listModels").WithSummary("Uploaded files, newest first").ProducesProblem(400);
        group.MapGet("/{sha256}", Show).WithName("showModel").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("An uploaded file").WithDescription("owner names another owner's file, for an admin's key.");
        group.MapGet("/{sha256}/content", Content).WithName("modelContent").AsStream()
            .Produces(200, contentType: ModelUpload.ContentType).Produces(206, contentType: ModelUpload.ContentType).Produces(304).ProducesProblem(400).ProducesProblem(404).ProducesProblem(416)
            .WithSummary("An uploaded file's bytes")
            .WithDescription("The ETag is the SHA-256 of the content; Range asks for one part of it. If the stored bytes turn out damaged on the way, the connection is cut before Content-Length is reached.");
        group.MapDelete("/{sha256}", Delete).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("deleteModel")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Delete an uploaded file").WithDescription("While a job that has not ended reads it, 409 names that job. Weights that were read from it stay.");
    }

    static async Task<Results<Ok<Page<ModelResource>>, ProblemHttpResult>> List(
        HttpContext context, ModelFileStore files, int? limit, string? cursor, CancellationToken ct)
    {
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var before) is { } refused) return refused;
        var page = Paging.Answer(context, await files.List(context.User.Sees(), before, size, ct), size, file => file.Seq);
        return TypedResults.Ok(new Page<ModelResource>([.. page.Items.Select(ModelResource.Of)], page.Next));
    }

    static async Task<Results<Ok<ModelResource>, ProblemHttpResult>> Show(string sha256, ClaimsPrincipal user, ModelFileStore files, string? owner, CancellationToken ct)
    {
        var (file, refused) = await Find(sha256, user, files, owner, ct);
        return file is null ? refused! : TypedResults.Ok(ModelResource.Of(file));
    }

    static async Task Content(string sha256, HttpContext context, ModelFileStore files, ILogger<ModelFileStore> log, string? owner, CancellationToken ct)
    {
        var (file, refused) = await Find(sha256, context.User, files, owner, ct);
        if (file is null)
        {
            await refused!.ExecuteAsync(context);
            return;
        }
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(SavedAs(file.Name));
        try
        {
            await new ContentAnswer(file.Bytes, file.Sha256, disposition)
                .Write(context, body => files.CopyTo(file, body, ct), (from, count, body) => files.CopyTo(file, from, count, body, ct));
        }
        catch (DamagedModelFileException damage)
        {
            // A status can no longer be sent: only a cut connection keeps half a file from being taken for a whole one.
            ApiLog.ModelDamaged(log, file.Sha256, file.Owner, damage.Message);
            context.Abort();
        }
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        string sha256, ClaimsPrincipal user, ModelFileStore files, ILogger<ModelFileStore> log, string? owner, CancellationToken ct)
    {
        var (file, refused) = await Find(sha256, user, files, owner, ct);
        if (file is null) return refused!;
        var done = await files.Delete(file.Owner, sha256, ct);
        if (!done.Found) return Refusal.NotFound("model file", sha256);
        if (done.Users.Count > 0)
            return Refusal.As(ProblemKind.ModelInUse, $"{done.Users.Count} job(s) that have not ended read this file: {string.Join(", ", done.Users.Select(job => job.Name))}", ("jobs", done.Users));
        ApiLog.ModelDeleted(log, sha256, file.Owner, user.Owner());
        return TypedResults.NoContent();
    }

    // Whoever saves an answer under the name it comes with is not led out of a folder by it.
    static string SavedAs(string name) =>
        string.Concat(name.Select(c => c is '/' or '\\' or '"' or ';' or ':' ? '-' : c)).TrimStart('.', ' ') is { Length: > 0 } saved ? saved : "weights";

    /// <summary>The caller's file, or, for who may see everybody's, the one of a named owner.</summary>
    static async Task<(ModelFile? File, ProblemHttpResult? Refused)> Find(string sha256, ClaimsPrincipal user, ModelFileStore files, string? owner, CancellationToken ct)
    {
        if (sha256.Length != Sha256Digits || !sha256.All(char.IsAsciiHexDigitLower))
            return (null, Refusal.As(ProblemKind.BadRequest, $"'{sha256}' is not a SHA-256; expected {Sha256Digits} digits of lower-case hex"));
        if (owner is not null && owner.Any(char.IsControl))
            return (null, Refusal.As(ProblemKind.BadRequest, "owner has a control character; expected the name of an owner"));
        var whose = owner ?? user.Owner();
        var file = user.Sees() is { } own && own != whose ? null : await files.Find(whose, sha256, ct);
        return file is null ? (null, Refusal.NotFound("model file", sha256)) : (file, null);
    }
}
