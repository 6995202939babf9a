using System.Globalization;
using System.Text.Json.Nodes;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Keys;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace KdRobust.Api.Hosting;

/// <summary>The interface's description: OpenAPI 3.1 with examples, at /openapi/v1.json, and a page to try it at /docs.</summary>
static class OpenApiDocument
{
    /// <summary>Name of the extension that says which role an operation needs.</summary>
    public const string RoleExtension = "x-kdr-role";
    const string KeyScheme = "apiKey", Json = "application/json", ProblemJson = "application/problem+json";

    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "KdRobust",
                Version = "v1",
                Description = "Adversarial-robustness experiments: one JSON spec in, the paper's tables, curves and models out. Ids are UUIDs, times RFC 3339 in UTC, durations seconds. Refusals are problem documents (RFC 9457). Every GET has an ETag; every POST takes an Idempotency-Key.",
            };
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [KeyScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "kdr_...", Description = "An API key. X-API-Key is read too." },
            };
            document.Security = [new() { [new OpenApiSecuritySchemeReference(KeyScheme, document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            Describe(operation, context);
            return Task.CompletedTask;
        });
    });

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapGet("/", () => Results.Redirect("/docs")).AllowAnonymous().ExcludeFromDescription(); // A service that was built without its page.
    }

    public static void UseApiPage(this WebApplication app) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = "docs";
        page.SwaggerEndpoint("/openapi/v1.json", "KdRobust v1");
        page.DocumentTitle = "KdRobust: API";
        page.EnableTryItOutByDefault();
        page.DisplayRequestDuration();
    });

    static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var name = operation.OperationId ?? "";
        operation.Responses ??= [];
        if (metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security = [];
            Role(operation, "none");
        }
        else
        {
            var role = metadata.OfType<IAuthorizeData>().Select(data => Enum.GetValues<ApiKeyRole>().FirstOrDefault(role => Caller.Policy(role) == data.Policy)).DefaultIfEmpty(ApiKeyRole.Reader).Max();
            Role(operation, role.ToString().ToLowerInvariant());
            Refusals(operation, ProblemKind.KeyMissing, ProblemKind.RoleTooSmall, ProblemKind.TooMany, ProblemKind.DatabaseAway, ProblemKind.TookTooLong);
            if (HttpMethods.IsPost(context.Description.HttpMethod ?? "")) Refusals(operation, ProblemKind.InProgress, ProblemKind.KeyReused);
        }
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            parameter.Example = ExampleRequests.Parameter(name, $"/{context.Description.RelativePath}", parameter.Name ?? "");
        if (ExampleRequests.Body(name) is { } body && operation.RequestBody?.Content?.TryGetValue(Json, out var sent) == true) sent.Example = body;
        foreach (var (status, response) in operation.Responses) Answer(name, int.Parse(status, CultureInfo.InvariantCulture), (OpenApiResponse)response, context.Document);
    }

    static void Role(OpenApiOperation operation, string role) =>
        (operation.Extensions ??= new Dictionary<string, IOpenApiExtension>())[RoleExtension] = new JsonNodeExtension(JsonValue.Create(role)!);

    static void Refusals(OpenApiOperation operation, params ReadOnlySpan<ProblemKind> kinds)
    {
        foreach (var kind in kinds)
            operation.Responses!.TryAdd(kind.Status.ToString(CultureInfo.InvariantCulture), new OpenApiResponse { Description = kind.Title });
    }

    static void Answer(string operation, int status, OpenApiResponse response, Microsoft.OpenApi.OpenApiDocument? document)
    {
        if (status >= 400)
        {
            response.Content ??= new Dictionary<string, OpenApiMediaType>();
            if (!response.Content.TryGetValue(ProblemJson, out var problem)) response.Content[ProblemJson] = problem = new() { Schema = new OpenApiSchemaReference("ProblemDetails", document) };
            problem.Example = Problem(operation, status);
        }
        else if (ExampleAnswers.Of(operation) is { } answer && response.Content?.TryGetValue(Json, out var content) == true)
        {
            content.Example = answer;
        }
    }

    static JsonObject Problem(string operation, int status)
    {
        var invalid = status == 400 && (operation is "submitExperiment" or "planExperiment");
        var kind = invalid ? ProblemKind.SpecInvalid : ProblemKind.Of(status);
        var problem = new JsonObject { ["type"] = kind.Type, ["title"] = kind.Title, ["status"] = kind.Status, ["detail"] = invalid ? "1 problem(s)" : kind.WhatToDo };
        if (invalid)
            problem["errors"] = new JsonArray(new JsonObject
            {
                ["path"] = "$.models.cni.weights.epochs", ["message"] = "out of range", ["got"] = "0", ["expected"] = "1 to 100000",
            });
        return problem;
    }
}
