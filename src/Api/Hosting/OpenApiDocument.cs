using System.Text.Json.Nodes;
using KdRobust.Api.Problems;
using Microsoft.OpenApi;

namespace KdRobust.Api.Hosting;

/// <summary>The interface's description: OpenAPI 3.1 with examples, at /openapi/v1.json, and a page to try it at /docs.</summary>
static class OpenApiDocument
{
    const string KeyScheme = "apiKey";

    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "KdRobust",
                Version = "v1",
                Description = "Adversarial-robustness experiments: one JSON spec in, the paper's tables, curves and models out. Ids are UUIDs, times RFC 3339 in UTC, durations seconds. Refusals are problem documents (RFC 9457).",
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
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Microsoft.AspNetCore.Authorization.IAllowAnonymous>().Any())
            {
                operation.Security = [];
            }
            else
            {
                operation.Responses ??= [];
                foreach (var kind in (ProblemKind[])[ProblemKind.KeyMissing, ProblemKind.RoleTooSmall, ProblemKind.DatabaseAway])
                    operation.Responses.TryAdd(kind.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), new OpenApiResponse { Description = kind.Title });
            }
            if (operation.OperationId == "submitExperiment") AddExamples(operation);
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

    static void AddExamples(OpenApiOperation operation)
    {
        if (operation.RequestBody?.Content?.TryGetValue("application/json", out var body) == true)
            body.Example = JsonNode.Parse(ExampleSpec.Text);
        if (operation.Responses?.TryGetValue("400", out var refused) == true && refused is OpenApiResponse { Content: { } content } && content.TryGetValue("application/problem+json", out var problem))
            problem.Example = new JsonObject
            {
                ["type"] = ProblemKind.SpecInvalid.Type, ["title"] = ProblemKind.SpecInvalid.Title, ["status"] = 400, ["detail"] = "1 problem(s)",
                ["errors"] = new JsonArray(new JsonObject
                {
                    ["path"] = "$.models.cni.weights.epochs", ["message"] = "out of range", ["got"] = "0", ["expected"] = "1 to 100000",
                }),
            };
    }
}
