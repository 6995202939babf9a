using System.Globalization;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Models;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace KdRobust.Api.Models;

/// <summary>Takes a file of weights: the body goes into the database as it comes, with the memory of one chunk, and is not looked into.</summary>
static class ModelUpload
{
    public const string ContentType = "application/octet-stream";
    const int LongestName = 200;

    // A chunk of 2 MiB takes at most two minutes: well before the chunks sent before it could be collected.
    static readonly Microsoft.AspNetCore.Server.Kestrel.Core.MinDataRate SlowestBody = new(bytesPerSecond: 16 << 10, gracePeriod: TimeSpan.FromSeconds(30));

    public static async Task<Results<Created<ModelResource>, Ok<ModelResource>, ProblemHttpResult>> Handle(
        HttpContext context, ModelFileStore files, ApiOptions options, ILogger<ModelFileStore> log, string? name, CancellationToken ct)
    {
        if (Check(context.Request, name) is { } refused) return refused;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (context.Request.ContentLength > options.LargestModel) return TooLarge(options);
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = SlowestBody;
        StoredContent content;
        try
        {
            content = await files.Write(new BoundedBody(context.Request.Body, options.LargestModel), ct);
        }
        catch (BodyTooLargeException)
        {
            return TooLarge(options);
        }
        if (content.Bytes == 0) return Refusal.As(ProblemKind.BadRequest, "the body is empty; expected the bytes of the file");
        var (file, created) = await files.Register(context.User.Owner(), name!, content, ct);
        if (!created) return TypedResults.Ok(ModelResource.Of(file));
        ApiLog.ModelUploaded(log, file.Sha256, file.Name, file.Bytes, file.Owner);
        return TypedResults.Created($"/v1/models/{file.Sha256}", ModelResource.Of(file));
    }

    /// <summary>Describes the body. Saying it to the router instead would refuse other types before this code can say what to send.</summary>
    public static Task Describe(OpenApiOperation operation)
    {
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "The file itself.",
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                [ContentType] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } },
            },
        };
        return Task.CompletedTask;
    }

    static ProblemHttpResult? Check(HttpRequest request, string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return Refusal.As(ProblemKind.BadRequest, "name is missing; expected ?name=... with what you call the file");
        if (name.Length > LongestName)
            return Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"name has {name.Length} characters; expected 1 to {LongestName}"));
        if (name.Any(char.IsControl))
            return Refusal.As(ProblemKind.BadRequest, "name has a control character; expected printable text");
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase))
            return Refusal.As(ProblemKind.BadRequest, $"Content-Type is {(string.IsNullOrEmpty(request.ContentType) ? "missing" : request.ContentType)}; expected {ContentType} with the file itself as the body (curl --data-binary @FILE)");
        return null;
    }

    static ProblemHttpResult TooLarge(ApiOptions options) => Refusal.As(
        ProblemKind.TooLarge,
        string.Create(CultureInfo.InvariantCulture, $"a file of weights has at most {options.LargestModel} bytes here; whoever runs the API may raise --largest-model"));
}
