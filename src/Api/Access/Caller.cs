using System.Security.Claims;
using KdRobust.Persistence.Keys;

namespace KdRobust.Api.Access;

/// <summary>Who asks, as the key said.</summary>
static class Caller
{
    /// <summary>Name of the policy that lets a role and those above it pass.</summary>
    public static string Policy(ApiKeyRole role) => $"at-least-{role}";

    /// <summary>The owner whose key this is.</summary>
    public static string Owner(this ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.Name)!;

    /// <summary>The key itself, by its id.</summary>
    public static Guid KeyId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ClaimTypes.Sid)!);

    /// <summary>Whose things the caller may see: null for everybody's.</summary>
    public static string? Sees(this ClaimsPrincipal user) => user.IsInRole(nameof(ApiKeyRole.Admin)) ? null : user.Owner();

    /// <summary>Policies, and the rule that whatever says nothing needs a reader's key.</summary>
    public static void AddApiKeys(this IServiceCollection services)
    {
        services.AddSingleton<KnownKeys>();
        services.AddAuthentication(ApiKeyAuthentication.SchemeName)
            .AddScheme<Microsoft.AspNetCore.Authentication.AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var role in Enum.GetValues<ApiKeyRole>())
            authorization.AddPolicy(Policy(role), policy => policy.RequireRole(Enum.GetValues<ApiKeyRole>().Where(r => r >= role).Select(r => r.ToString())));
        authorization.SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder()
            .RequireRole(Enum.GetNames<ApiKeyRole>()).Build());
    }
}
