using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Api.Requests;
using KdRobust.Persistence.Keys;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Keys;

/// <summary>What a new key shall be.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Role">What it may do: reader, submitter or admin.</param>
/// <param name="Label">What it is for, in your words.</param>
/// <param name="ExpiresInDays">Days until it opens nothing any more; null for never.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
sealed record NewKey(string Owner, ApiKeyRole Role, string Label, int? ExpiresInDays = null);

/// <summary>A key as it is told once.</summary>
/// <param name="Key">The key itself: nobody will be told again.</param>
/// <param name="Stored">What is stored of it.</param>
sealed record CreatedKey(string Key, ApiKeyView Stored);

/// <summary>Make, list, rotate and revoke API keys.</summary>
static class KeyEndpoints
{
    const int LongestPage = 500, LongestLife = 3650, LongestGrace = 90 * 24, LongestName = 100;

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var admin = Caller.Policy(ApiKeyRole.Admin);
        var group = routes.MapGroup("/v1/keys").WithTags("keys");
        group.MapGet("", List).WithName("listKeys").ProducesProblem(400)
            .WithSummary("Keys, newest first: your own, or everybody's for an admin").WithDescription("Never the keys themselves: only their SHA-256 is stored.");
        group.MapPost("", Create).RequireAuthorization(admin).WithMetadata(new SecretAnswer()).WithName("createKey").ProducesProblem(400).ProducesProblem(415)
            .WithSummary("Make a key; it is told once");
        group.MapGet("/current", Current).WithName("currentKey").WithSummary("The key that this request carries: whose, which role, until when");
        group.MapPost("/{id:guid}/rotate", Rotate).WithMetadata(new SecretAnswer()).WithName("rotateKey").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Make a key in place of another; the old one opens for graceHours more (default 24)")
            .WithDescription("Anybody may rotate a key of their own, an admin every one. The new key has the old one's owner, role, label and length of life.");
        group.MapPost("/{id:guid}/revoke", Revoke).RequireAuthorization(admin).WithName("revokeKey").ProducesProblem(404).ProducesProblem(409)
            .WithSummary("End a key at once");
    }

    static async Task<Results<Ok<Page<ApiKeyView>>, ProblemHttpResult>> List(HttpContext context, ApiKeyStore keys, string? owner, int? limit, Guid? cursor, CancellationToken ct)
    {
        if (Paging.Check(limit, LongestPage, out var size) is { } wrong) return wrong;
        var query = new QueryText();
        var whose = query.Owner(context.User, owner);
        return query.Refused is { } refused ? refused : TypedResults.Ok(Paging.Answer(context, await keys.List(whose, cursor, size, ct), size, key => key.Id.ToString()));
    }

    static async Task<Ok<ApiKeyView>> Current(ClaimsPrincipal user, ApiKeyStore keys, CancellationToken ct) => TypedResults.Ok(await keys.Find(user.KeyId(), (string?)null, ct));

    static async Task<Results<Created<CreatedKey>, ProblemHttpResult>> Create(NewKey wanted, ApiKeyStore keys, CancellationToken ct)
    {
        if (Name("owner", wanted.Owner) is { } owner) return owner;
        if (Name("label", wanted.Label) is { } label) return label;
        if (wanted.ExpiresInDays is < 1 or > LongestLife)
            return Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"expiresInDays is {wanted.ExpiresInDays}; expected 1 to {LongestLife}, or null for never"));
        var (key, view) = await keys.Create(wanted.Owner, wanted.Role, wanted.Label, wanted.ExpiresInDays is { } days ? TimeSpan.FromDays(days) : null, ct);
        return TypedResults.Created((string?)null, new CreatedKey(key, view));
    }

    static async Task<Results<Created<CreatedKey>, ProblemHttpResult>> Rotate(Guid id, ClaimsPrincipal user, ApiKeyStore keys, int graceHours = 24, CancellationToken ct = default)
    {
        if (graceHours is < 0 or > LongestGrace)
            return Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"graceHours is {graceHours}; expected 0 to {LongestGrace}"));
        if (await keys.Rotate(id, user.Sees(), TimeSpan.FromHours(graceHours), ct) is var (key, view)) return TypedResults.Created((string?)null, new CreatedKey(key, view));
        return await keys.Find(id, user.Sees(), ct) is null
            ? Refusal.NotFound("key", id)
            : Refusal.As(ProblemKind.KeySpent, $"the key {id} was revoked or rotated, or has expired: it cannot be rotated");
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Revoke(Guid id, ApiKeyStore keys, CancellationToken ct)
    {
        if (await keys.Revoke(id, ct)) return TypedResults.NoContent();
        return await keys.Find(id, (string?)null, ct) is null ? Refusal.NotFound("key", id) : Refusal.As(ProblemKind.KeySpent, $"the key {id} was revoked before");
    }

    static ProblemHttpResult? Name(string field, string text) =>
        text.Length is > 0 and <= LongestName && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl)
            ? null
            : Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"{field} has {text.Length} characters; expected 1 to {LongestName} printable ones"));
}
