using System.Security.Claims;
using System.Text.Encodings.Web;
using KdRobust.Api.Problems;
using KdRobust.Api.Requests;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace KdRobust.Api.Access;

/// <summary>Finds out whose key a request carries: <c>Authorization: Bearer kdr_...</c>, else <c>X-API-Key</c>.</summary>
sealed class ApiKeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, KnownKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "ApiKey";
    const string Bearer = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Health must answer while the database does not, whatever headers a client always sends.
        var endpoint = Context.GetEndpoint()?.Metadata;
        if (endpoint?.GetMetadata<IAllowAnonymous>() is not null) return AuthenticateResult.NoResult();
        if (Key() is not { } key) return AuthenticateResult.NoResult();
        // What is answered again is answered before any statement of the endpoint.
        var checkedLater = endpoint?.GetMetadata<ChecksItsKey>() is not null && !Request.Headers.ContainsKey(IdempotentPosts.Header);
        if (await keys.Find(key, checkedLater, Context.RequestAborted) is not { } found) return AuthenticateResult.Fail("the key is unknown or revoked, or has expired");
        var identity = new ClaimsIdentity([new(ClaimTypes.Name, found.Owner), new(ClaimTypes.Role, found.Role.ToString()), new(ClaimTypes.Sid, found.Id.ToString())], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer realm=\"KdRobust\"";
        var key = Key();
        if (key is not null) keys.Forget(key);
        await Refusal.Write(Context, ProblemKind.KeyMissing, key is null
            ? "the request carries no key: send 'Authorization: Bearer kdr_...'"
            : "the key is unknown or revoked, or has expired");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Refusal.Write(Context, ProblemKind.RoleTooSmall, $"{Request.Method} {Request.Path} needs more than the role {Context.User.FindFirstValue(ClaimTypes.Role)?.ToLowerInvariant()}");

    string? Key()
    {
        var authorization = Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return authorization[Bearer.Length..].Trim();
        var header = Request.Headers["X-API-Key"].ToString();
        return header.Length > 0 ? header : null;
    }
}
