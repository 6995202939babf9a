using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Persistence.Keys;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing.Patterns;

namespace KdRobust.Api.Dashboard;

/// <summary>Whose key a request carried.</summary>
/// <param name="Owner">Its owner.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Acts">What it may do to jobs and experiments here, e.g. <c>jobs/cancel</c>: a page offers nothing else.</param>
sealed record Me(string Owner, ApiKeyRole Role, IReadOnlyList<string> Acts);

/// <summary>Tells a caller who it is.</summary>
static class MeEndpoints
{
    public static void MapMe(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/me", Show).WithTags("keys").WithName("me").WithSummary("Whose key this is, and what it may do");

    static Ok<Me> Show(ClaimsPrincipal user, EndpointDataSource endpoints)
    {
        var role = Enum.Parse<ApiKeyRole>(user.FindFirstValue(ClaimTypes.Role)!);
        return TypedResults.Ok(new Me(user.Owner(), role, Acts(endpoints, role)));
    }

    // As the routes are, so that the two cannot differ: POST /v1/jobs/{id}/cancel is jobs/cancel.
    static List<string> Acts(EndpointDataSource endpoints, ApiKeyRole role) =>
        [.. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
            where endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Post) == true && Needs(endpoint) <= role
            let parts = endpoint.RoutePattern.PathSegments.Select(segment => segment.Parts[0]).ToList()
            where parts is [RoutePatternLiteralPart { Content: "v1" }, RoutePatternLiteralPart, RoutePatternParameterPart, RoutePatternLiteralPart]
            select $"{((RoutePatternLiteralPart)parts[1]).Content}/{((RoutePatternLiteralPart)parts[3]).Content}"];

    static ApiKeyRole Needs(RouteEndpoint endpoint) =>
        endpoint.Metadata.OfType<IAuthorizeData>().Select(data => Enum.GetValues<ApiKeyRole>().FirstOrDefault(role => Caller.Policy(role) == data.Policy)).DefaultIfEmpty(ApiKeyRole.Reader).Max();
}
